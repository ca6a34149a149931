import { HeadraceError } from '../errors.ts';
import type { Headers } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { SourceNode } from '../streams/topology/nodes.ts';
import type { CheckHome } from './home-partition.ts';
import type { Receive } from './operators/receive.ts';
import type { RecordGate } from './record-gate.ts';

/** Told of a record that could not be decoded; it then counts as consumed. */
export type UndecodableRecord = (batch: RecordBatch, index: number, error: unknown) => void;

/** A source partition with this many records waiting is not fetched further. */
const QUEUED_RECORDS_MAX = 20_000;

/**
 * The fetched records of one source partition of a task, in offset order. The head is decoded, because the choice among
 * a task's queues goes by its timestamp.
 */
export class RecordQueue {
  readonly topic: string;
  readonly partition: number;
  readonly receive: Receive;
  readonly #source: SourceNode;
  readonly #onUndecodable: UndecodableRecord;
  readonly #checkHome: CheckHome | undefined;
  /** Lets records in by the order of their keys; ticks have none. */
  readonly gate: RecordGate | undefined;
  #batches: RecordBatch[] = [];
  #nextIndex = 0;
  #size = 0;
  #position: number;
  /** The decoded head; only while `hasHead`. Plain fields: they are read once for each record. */
  hasHead = false;
  /** The head is decoded, and something else must come before it can be processed; `hasHead` is false as long. */
  isWaiting = false;
  key: unknown = null;
  value: unknown = null;
  timestamp = 0;
  offset = -1;
  batch: RecordBatch | undefined;
  index = 0;

  constructor(
    source: SourceNode,
    topic: string,
    partition: number,
    position: number,
    receive: Receive,
    onUndecodable: UndecodableRecord,
    gate?: RecordGate,
    checkHome?: CheckHome,
  ) {
    this.#source = source;
    this.topic = topic;
    this.partition = partition;
    this.#position = position;
    this.receive = receive;
    this.#onUndecodable = onUndecodable;
    this.gate = gate;
    this.#checkHome = checkHome;
  }

  /** Records in the queue, the head included. */
  get size(): number {
    return this.#size;
  }

  /** With so many records in it, its partition is not fetched further. */
  get recordsMax(): number {
    return QUEUED_RECORDS_MAX;
  }

  /** The offset to commit: behind the last record that was processed, not the last that was fetched. */
  get position(): number {
    return this.#position;
  }

  push(batch: RecordBatch): void {
    if (batch.length === 0) return;
    this.#batches.push(batch);
    this.#size += batch.length;
    if (!this.hasHead && !this.isWaiting) this.#loadHead();
  }

  /** The head was processed (or became a dead letter): go on to the next one. */
  consume(): void {
    this.#position = this.offset + 1;
    this.hasHead = false;
    this.#size--;
    this.#loadHead();
  }

  #loadHead(): void {
    while (this.#batches.length > 0) {
      const batch = this.#batches[0]!;
      if (this.#nextIndex >= batch.length) {
        this.#batches.shift();
        this.#nextIndex = 0;
        continue;
      }
      const index = this.#nextIndex++;
      this.offset = batch.offsetAt(index);
      const headers = batch.headersAt(index);
      if (this.gate?.admits(batch, index, headers) === false) {
        this.#position = this.offset + 1;
        this.#size--;
        continue;
      }
      try {
        this.#decode(batch, index, headers);
        return;
      } catch (error) {
        if (isUnavailable(error)) {
          this.#askForTheRest(batch);
          throw error;
        }
        this.#onUndecodable(batch, index, error);
        this.#position = this.offset + 1;
        this.#size--;
      }
    }
    this.batch = undefined;
  }

  #decode(batch: RecordBatch, index: number, headers: Headers): void {
    const key = batch.keyAt(index);
    const value = batch.valueAt(index);
    this.key = key === null ? null : this.#source.key.deserialize(key, headers);
    if (key !== null) this.#checkHome?.(key, this.key);
    this.value = value === null ? null : this.#source.value.deserialize(value, headers);
    this.timestamp =
      this.#source.timestampExtractor === undefined ? batch.timestampAt(index) : this.#extractTimestamp(batch, index);
    this.batch = batch;
    this.index = index;
    this.hasHead = true;
  }

  /**
   * A schema must be waited for: whatever else the batch needs is asked for now, so that the worker does not come back for
   * each of them alone.
   */
  #askForTheRest(batch: RecordBatch): void {
    for (let index = this.#nextIndex; index < batch.length; index++) {
      const value = batch.valueAt(index);
      try {
        if (value !== null) this.#source.value.deserialize(value, batch.headersAt(index));
      } catch {
        // It is told when its turn comes.
      }
    }
  }

  #extractTimestamp(batch: RecordBatch, index: number): number {
    const timestamp = this.#source.timestampExtractor!({
      key: this.key,
      value: this.value,
      timestamp: batch.timestampAt(index),
      topic: this.topic,
      partition: this.partition,
      offset: this.offset,
      headers: batch.headersAt(index),
    });
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
      throw new HeadraceError(
        'TIMESTAMP_INVALID',
        `The timestamp extractor of ${this.#source.name} returned ${timestamp}; it must return whole milliseconds since 1970`,
      );
    }
    return timestamp;
  }
}

/** A schema registry that does not answer is no fault of the record: it is tried again, and never a dead letter. */
function isUnavailable(error: unknown): boolean {
  return error instanceof HeadraceError && error.code === 'SCHEMA_UNAVAILABLE';
}
