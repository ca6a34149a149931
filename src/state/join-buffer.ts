import type { Headers } from '../log/record.ts';
import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import { StateNumber } from './state-number.ts';
import type { JoinBufferDefinition } from './store-definition.ts';
import { readSuppressed, writeSuppressed } from './suppressed-bytes.ts';
import { checkKeyLength, ROOM, TIME_LENGTH, timeAt, timeKey } from './time-keys.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** A record of a stream that waits for its grace to pass. */
export interface Buffered {
  readonly key: unknown;
  readonly value: unknown;
  readonly timestamp: number;
  readonly headers: Headers;
}

/** Before the bytes of a key, for a key may be null. */
const KEY = { none: '\u0000', some: '\u0001' } as const;

/** Records in the order of their time, then key, then arrival, as Kafka Streams' RocksDBTimeOrderedKeyValueBuffer has them. */
export class JoinBuffer {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<unknown>;
  readonly #value: Serde<unknown>;
  readonly #arrivals: StateNumber;

  constructor(definition: JoinBufferDefinition, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#value = definition.value;
    this.#arrivals = new StateNumber(buffer, `${ROOM.meta}arrivals`, 0);
  }

  add({ key, value, timestamp, headers }: Buffered): void {
    const binary = key === null ? KEY.none : KEY.some + toBinaryString(this.#key.serialize(key));
    checkKeyLength(binary, 2);
    const arrival = this.#arrivals.value + 1;
    this.#arrivals.value = arrival;
    const bytes = writeSuppressed({
      value: this.#value.serialize(value),
      before: null,
      prior: null,
      timestamp,
      headers,
    });
    this.#buffer.put(ROOM.byTime + timeKey(timestamp) + binary + timeKey(arrival), bytes);
  }

  /** Takes out the records up to a time, included, and hands them on in order. */
  takeUpTo(time: number, take: (record: Buffered) => void): void {
    if (time < 0) return;
    for (const [entry, stored] of this.#buffer.range(ROOM.byTime, ROOM.byTime + timeKey(time + 1))) {
      take(this.#read(entry, stored));
      this.#buffer.put(entry, null);
    }
  }

  /** The smallest time in the buffer; infinite where it is empty. */
  earliest(): number {
    for (const [entry] of this.#buffer.range(ROOM.byTime, ROOM.end)) return timeAt(entry, ROOM.byTime.length);
    return Number.POSITIVE_INFINITY;
  }

  *entries(): IterableIterator<Buffered> {
    for (const [entry, stored] of this.#buffer.range(ROOM.byTime, ROOM.end)) yield this.#read(entry, stored);
  }

  #read(entry: string, stored: Uint8Array): Buffered {
    const { value, timestamp, headers } = readSuppressed(stored);
    const keyed = entry.slice(ROOM.byTime.length + TIME_LENGTH, -TIME_LENGTH);
    const key = keyed.startsWith(KEY.none) ? null : this.#key.deserialize(fromBinaryString(keyed.slice(1)));
    return { key, value: this.#value.deserialize(value!), timestamp, headers };
  }
}
