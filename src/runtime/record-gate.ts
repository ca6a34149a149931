import { HeadraceError } from '../errors.ts';
import { type Headers, NO_HEADERS } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { DeadLetters, Redact } from './dead-letter.ts';
import { type ParkedKey, type ParkedKeys, parkedName } from './parked-keys.ts';
import { discardedHeaders, isReplay, offsetIn, parkedHeaders, placeOf, type Replay, replayOf } from './replay.ts';
import type { TaskCounters } from './task-counters.ts';

export interface RecordGateOptions {
  readonly application: string;
  readonly parked: ParkedKeys;
  readonly letters: DeadLetters;
  readonly redact: Redact;
  readonly counters: TaskCounters;
}

/** The replay whose turn it is: of the key of this name, with this sequence. */
interface Turn {
  readonly name: string;
  readonly sequence: number;
}

/**
 * Stands before one source queue of a task and lets records in by the order of their keys: one that must wait behind a dead
 * letter goes to the dead letters too, and a replay is let in when its turn has come. It decides by the raw key, before
 * anything is decoded, and is asked in the order of the partition.
 */
export class RecordGate {
  readonly #options: RecordGateOptions;
  /** Of the record that was let in last; nothing is let in before that one is done with. */
  #turn: Turn | undefined;

  constructor(options: RecordGateOptions) {
    this.#options = options;
  }

  /** Whether the record that was let in last is a replay. */
  get isReplay(): boolean {
    return this.#turn !== undefined;
  }

  /** Whether a record is to be processed now; else it is done with. */
  admits(batch: RecordBatch, index: number, headers: Headers): boolean {
    this.#turn = undefined;
    const { parked } = this.#options;
    if (headers.length > 0 && isReplay(headers)) return this.#admitsReplay(batch, index, headers);
    if (parked.count === 0) return true;
    const name = this.nameIn(batch, index);
    const waiting = name === undefined ? undefined : parked.of(name);
    if (name === undefined || waiting === undefined) return true;
    this.#putAside(batch, index, waiting, parked.append(name, waiting));
    return false;
  }

  /** Whether a record further behind would be let in as things are, without a turn of its own; asks only. */
  isOpen(batch: RecordBatch, index: number, headers: Headers): boolean {
    if (headers.length > 0 && isReplay(headers)) return false;
    const { parked } = this.#options;
    if (parked.count === 0) return true;
    const name = this.nameIn(batch, index);
    return name === undefined || parked.of(name) === undefined;
  }

  /** The record that was let in has had its turn: it was processed, or it was skipped. */
  settle(): void {
    if (this.#turn === undefined) return;
    const { name } = this.#turn;
    this.#turn = undefined;
    const { parked } = this.#options;
    parked.advance(name, parked.of(name)!);
  }

  /**
   * The record that was let in last becomes a dead letter, or could not even be decoded: what its letter says of those that wait
   * behind it. Throws PARKED_KEYS_FULL.
   */
  failed(batch: RecordBatch, index: number): Headers {
    const { parked } = this.#options;
    if (this.#turn !== undefined) {
      const { name, sequence } = this.#turn;
      this.#turn = undefined;
      return this.#headers(batch, parked.of(name)!, sequence);
    }
    const name = this.nameIn(batch, index);
    const begun = name === undefined ? undefined : parked.begin(name, batch.offsetAt(index));
    return begun === undefined ? NO_HEADERS : this.#headers(batch, begun, 0);
  }

  #admitsReplay(batch: RecordBatch, index: number, headers: Headers): boolean {
    const { application, parked, letters } = this.#options;
    const replay = replayOf(headers);
    if (replay === undefined) {
      const error = new HeadraceError(
        'INPUT_INVALID',
        'It calls itself a replay, but its headers __headrace.replay.* are damaged',
      );
      letters.bury(batch, index, error, { stage: 'decoding' });
      this.#options.counters.deadLetters++;
      return false;
    }
    const name = this.nameIn(batch, index);
    const waiting = name === undefined || replay.application !== application ? undefined : parked.of(name);
    if (name === undefined || waiting === undefined || waiting.episode !== offsetIn(replay.behind, batch))
      return this.#drop();
    if (replay.sequence < waiting.next) return this.#drop();
    return this.#admitsInTurn(batch, index, name, waiting, replay);
  }

  #admitsInTurn(batch: RecordBatch, index: number, name: string, waiting: ParkedKey, replay: Replay): boolean {
    if (replay.sequence > waiting.next) {
      this.#putAside(batch, index, waiting, replay.sequence);
      return false;
    }
    const { discard } = replay;
    if (discard === undefined) {
      this.#turn = { name, sequence: replay.sequence };
      return true;
    }
    const { letters, parked, counters } = this.#options;
    const message = `discarded by ${discard.by}: ${discard.why}`;
    // Without a place among those that wait: nobody replays it again.
    letters.putAside(batch, index, 'Discarded', message, discardedHeaders({ ...replay, discard }));
    counters.deadLetters++;
    parked.advance(name, waiting);
    return false;
  }

  #drop(): false {
    this.#options.parked.noteDropped();
    this.#options.counters.dropped++;
    return false;
  }

  #putAside(batch: RecordBatch, index: number, waiting: ParkedKey, sequence: number): void {
    const { letters, counters } = this.#options;
    const behind = placeOf(batch, waiting.episode);
    letters.putAside(batch, index, 'Parked', `waits behind ${behind}`, this.#headers(batch, waiting, sequence));
    counters.parked++;
  }

  #headers(batch: RecordBatch, { episode }: ParkedKey, sequence: number): Headers {
    return parkedHeaders({ application: this.#options.application, behind: placeOf(batch, episode), sequence });
  }

  /** What its key waits under; undefined for a null key: nobody waits for that. */
  nameIn(batch: RecordBatch, index: number): string | undefined {
    const key = batch.keyAt(index);
    return key === null ? undefined : parkedName(key, this.#options.redact);
  }
}
