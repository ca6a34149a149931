import { HeadraceError } from '../../../../src/errors.ts';
import { partitionKey } from '../../../../src/log/kafka/fetch/fetch-position.ts';
import { resultsOf } from '../../../../src/log/kafka/queries/answer-unit.ts';
import type { OwnerStamp, UnitAnswer, UnitQuestion } from '../../../../src/log/kafka/queries/question.ts';
import type { StateAtHand, StateOwners } from '../../../../src/log/kafka/queries/reading.ts';
import {
  decodeAnswers,
  decodeQuestion,
  encodeAnswers,
  encodeQuestion,
} from '../../../../src/log/kafka/queries/wire.ts';
import type { CommittedState } from '../../../../src/log/log.ts';
import type { TopicPartition } from '../../../../src/log/record.ts';
import { simulatedState } from '../../../../src/log/simulated/simulated-state.ts';

export const SOURCES: Readonly<Record<string, string>> = { a: 'in', b: 'in', c: 'other' };

/** What goes wrong: each is asked whenever it might. */
export interface Trouble {
  /** Whether a question finds no answer. */
  readonly isSilent: () => boolean;
  /** Called before each answer and before each confirmation: others may commit, or take partitions over. */
  readonly meanwhile: () => void;
}

interface Unit {
  owner: number;
  version: number;
}

/** Stores split over owners by unit, one of whom is this process; questions and answers go through their bytes. */
export class SplitStore implements StateOwners {
  readonly #rows = new Map<string, Map<string, Uint8Array>>();
  readonly #units = new Map<string, Unit>();
  readonly #trouble: Trouble;
  readonly #answerBytes: number;
  asked = 0;
  answered = 0;

  constructor(trouble: Trouble, answerBytes = Number.MAX_SAFE_INTEGER) {
    this.#trouble = trouble;
    this.#answerBytes = answerBytes;
  }

  /** Everything as one store. */
  get whole(): CommittedState {
    return simulatedState((store, partition) => this.#of(store, partition));
  }

  /** One commit of one unit: all of it or nothing. */
  commit(
    source: string,
    partition: number,
    rows: readonly (readonly [store: string, key: string, value: string | null])[],
  ): void {
    for (const [store, key, value] of rows) {
      if (value === null) this.#of(store, partition).delete(key);
      else this.#of(store, partition).set(key, Buffer.from(value));
    }
    this.#unit({ topic: source, partition }).version++;
  }

  /** From now on another owner has it; 0 is this process. */
  give(unit: TopicPartition, owner: number): void {
    this.#unit(unit).owner = owner;
  }

  sourceOf(store: string): string | undefined {
    return SOURCES[store];
  }

  atHand(unit: TopicPartition): StateAtHand | undefined {
    return this.#unit(unit).owner === 0 ? { state: this.whole, stamp: this.#stamp(unit) } : undefined;
  }

  async ask(question: UnitQuestion): Promise<UnitAnswer | 'here'> {
    this.asked++;
    // What crosses the network is bytes.
    const { units } = decodeQuestion(encodeQuestion({ group: 'g', units: [question] }));
    await new Promise((resolve) => setImmediate(resolve));
    this.#trouble.meanwhile();
    const [asked] = units;
    const { unit } = asked!;
    if (this.#unit(unit).owner === 0) return 'here';
    if (this.#trouble.isSilent()) throw new HeadraceError('STATE_UNAVAILABLE', 'nobody answers', { retriable: true });
    const stamp = this.#stamp(unit);
    const version = `${stamp.memberId} ${this.#unit(unit).version}`;
    const isSame = asked!.version === version;
    const results = resultsOf(this.whole, asked!, isSame, { bytes: this.#answerBytes });
    this.answered++;
    return decodeAnswers(encodeAnswers([{ stamp, version, isSame, results }]))[0] as UnitAnswer;
  }

  async moved(stamps: readonly (readonly [TopicPartition, OwnerStamp])[]): Promise<readonly TopicPartition[]> {
    this.#trouble.meanwhile();
    await new Promise((resolve) => setImmediate(resolve));
    return stamps.filter(([unit, { memberId }]) => this.#stamp(unit).memberId !== memberId).map(([unit]) => unit);
  }

  #stamp(unit: TopicPartition): OwnerStamp {
    return { memberId: `m${this.#unit(unit).owner}`, generation: 1 };
  }

  #unit({ topic, partition }: TopicPartition): Unit {
    const key = partitionKey(topic, partition);
    const found = this.#units.get(key) ?? { owner: 0, version: 0 };
    this.#units.set(key, found);
    return found;
  }

  #of(store: string, partition: number): Map<string, Uint8Array> {
    const key = `${partition} ${store}`;
    const found = this.#rows.get(key) ?? new Map<string, Uint8Array>();
    this.#rows.set(key, found);
    return found;
  }
}
