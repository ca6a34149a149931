import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import { Expiry } from './expiry.ts';
import type { JoinWindowStoreDefinition } from './store-definition.ts';
import { checkKeyLength, keyOf, keyPrefix, ROOM, TIME_LENGTH, timeAt, timeKey } from './time-keys.ts';
import { forTimesIn, insertTimed } from './value-list.ts';
import type { WriteBuffer } from './write-buffer.ts';

const INDEXED = Uint8Array.of(1);

/**
 * The records of one side of a join by key and time; several may have the same. Those of a key lie together in buckets as long as
 * the join's window, so that a record finds its partners with two look-ups and no search, and each bucket stands once more, by
 * time, for its expiry.
 */
export class JoinWindowStore<K, V> {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #bucketMs: number;
  readonly #expiry: Expiry;
  /** Buckets behind this one are not in the committed state: of what is new, which is most, nothing need be looked for there. */
  #committedUpTo: number | undefined;
  #addedUpTo = -1;
  #commitsSeen = -1;

  constructor(definition: JoinWindowStoreDefinition<K, V>, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#value = definition.value;
    this.#bucketMs = Math.max(1, definition.windowMs);
    this.#expiry = new Expiry(buffer, definition.retentionMs, (index) => this.#remove(index));
  }

  add(key: K, value: V, time: number): void {
    const binary = toBinaryString(this.#key.serialize(key));
    checkKeyLength(binary, 1);
    const bucket = Math.floor(time / this.#bucketMs);
    const place = this.#placeOf(bucket);
    const entry = keyPrefix(binary) + place;
    const isNew = bucket > this.#lastCommitted();
    this.#addedUpTo = Math.max(this.#addedUpTo, bucket);
    const stored = isNew ? this.#buffer.getNew(entry) : this.#buffer.get(entry);
    const bytes = insertTimed(stored, time, this.#value.serialize(value));
    if (stored !== null) this.#buffer.put(entry, bytes);
    else {
      this.#buffer.putNew(entry, bytes);
      this.#buffer.putNew(ROOM.byTime + place + binary, INDEXED);
    }
  }

  /** Calls `take` for the records of a key with from <= time <= to, in the order of time and then of arrival. */
  forEach(key: K, from: number, to: number, take: (time: number, value: V) => void): void {
    if (to < from || to < 0) return;
    const prefix = keyPrefix(toBinaryString(this.#key.serialize(key)));
    const first = Math.floor(Math.max(0, from) / this.#bucketMs);
    const last = Math.floor(to / this.#bucketMs);
    for (let bucket = first; bucket <= last; bucket++) {
      const entry = prefix + this.#placeOf(bucket);
      const stored = bucket > this.#lastCommitted() ? this.#buffer.getNew(entry) : this.#buffer.get(entry);
      if (stored !== null) {
        forTimesIn(stored, from, to, (time, bytes) => take(time, this.#value.deserialize(bytes)));
      }
    }
  }

  /** All records, by key and then in the order of time. */
  *entries(): IterableIterator<readonly [key: K, value: V, time: number]> {
    for (const [entry, stored] of this.#buffer.range(ROOM.byKey, ROOM.byTime)) {
      const key = this.#key.deserialize(fromBinaryString(keyOf(entry)));
      const values: (readonly [K, V, number])[] = [];
      forTimesIn(stored, 0, Number.MAX_SAFE_INTEGER, (time, bytes) =>
        values.push([key, this.#value.deserialize(bytes), time]),
      );
      yield* values;
    }
  }

  /** Removes buckets of which nothing is within the retention: a bounded number with each call. */
  expire(streamTime: number): void {
    this.#expiry.advance(streamTime);
  }

  /** Under its last millisecond: it goes when that is out of retention. */
  #placeOf(bucket: number): string {
    return timeKey((bucket + 1) * this.#bucketMs - 1);
  }

  /** The last bucket that may be in the committed state. */
  #lastCommitted(): number {
    if (this.#committedUpTo === undefined) {
      this.#committedUpTo = -1;
      for (const [index] of this.#buffer.range(ROOM.byTime, ROOM.end, true)) {
        this.#committedUpTo = Math.floor(timeAt(index, ROOM.byTime.length) / this.#bucketMs);
        break;
      }
    } else if (this.#buffer.commits !== this.#commitsSeen) {
      this.#committedUpTo = Math.max(this.#committedUpTo, this.#addedUpTo);
    }
    this.#commitsSeen = this.#buffer.commits;
    return this.#committedUpTo;
  }

  #remove(index: string): void {
    const at = ROOM.byTime.length;
    this.#buffer.put(keyPrefix(index.slice(at + TIME_LENGTH)) + index.slice(at, at + TIME_LENGTH), null);
    this.#buffer.put(index, null);
  }
}
