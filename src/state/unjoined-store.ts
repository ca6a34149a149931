import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import { StateNumber } from './state-number.ts';
import type { UnjoinedStoreDefinition } from './store-definition.ts';
import { checkKeyLength, TIME_LENGTH, timeAt, timeKey } from './time-keys.ts';
import { appendValue, valuesIn } from './value-list.ts';
import type { WriteBuffer } from './write-buffer.ts';

export type JoinSide = 'left' | 'right';

/** Each side by time and key, after what the store knows of itself. */
const ROOMS = { meta: '\u0000', right: '\u0001', left: '\u0002' } as const;
const AFTER = { right: '\u0002', left: '\u0003' } as const;

/** Records of one side, key and time that wait for a partner. */
export interface Unjoined {
  readonly side: JoinSide;
  readonly time: number;
  readonly key: unknown;
  readonly values: readonly unknown[];
  /** For {@link UnjoinedStore.remove}. */
  readonly entry: string;
}

/** The records of a left or outer join that have not met a partner, until their window has closed. */
export class UnjoinedStore {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<unknown>;
  readonly #values: Readonly<Record<JoinSide, Serde<unknown>>>;
  readonly #minTime: StateNumber;

  constructor(definition: UnjoinedStoreDefinition, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#values = { left: definition.left, right: definition.right };
    this.#minTime = new StateNumber(buffer, `${ROOMS.meta}minTime`, Number.POSITIVE_INFINITY);
  }

  /** A time before which nothing waits, as Kafka Streams' TimeTracker keeps it; infinite where nothing does. */
  get minTime(): number {
    return this.#minTime.value;
  }

  set minTime(time: number) {
    this.#minTime.value = time;
  }

  add(side: JoinSide, key: unknown, time: number, value: unknown): void {
    const binary = toBinaryString(this.#key.serialize(key));
    checkKeyLength(binary, 1);
    const entry = ROOMS[side] + timeKey(time) + binary;
    this.#buffer.put(entry, appendValue(this.#buffer.get(entry), this.#values[side].serialize(value)));
  }

  /** Takes out the records of a key at a time: they have met a partner. */
  removeAt(side: JoinSide, key: unknown, time: number): void {
    this.remove(ROOMS[side] + timeKey(time) + toBinaryString(this.#key.serialize(key)));
  }

  remove(entry: string): void {
    if (this.#buffer.get(entry) !== null) this.#buffer.put(entry, null);
  }

  /** All that wait on one side, in the order of time and then of keys. */
  *entries(side: JoinSide): IterableIterator<Unjoined> {
    for (const [entry, stored] of this.#buffer.range(ROOMS[side], AFTER[side])) {
      yield {
        side,
        time: timeAt(entry, 1),
        key: this.#key.deserialize(fromBinaryString(entry.slice(1 + TIME_LENGTH))),
        values: [...valuesIn(stored)].map((bytes) => this.#values[side].deserialize(bytes)),
        entry,
      };
    }
  }

  /** The smallest time on one side; infinite where nothing waits there. */
  earliest(side: JoinSide): number {
    for (const [entry] of this.#buffer.range(ROOMS[side], AFTER[side])) return timeAt(entry, 1);
    return Number.POSITIVE_INFINITY;
  }
}
