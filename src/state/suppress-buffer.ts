import type { Headers } from '../log/record.ts';
import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import { StateNumber } from './state-number.ts';
import type { SuppressStoreDefinition } from './store-definition.ts';
import { readSuppressed, type SuppressedBytes, writeSuppressed } from './suppressed-bytes.ts';
import { checkKeyLength, keyPrefix, ROOM, TIME_LENGTH, timeAt, timeKey } from './time-keys.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** A change that waits in the buffer: the last one of its key. */
export interface Suppressed<K, V> {
  readonly key: K;
  readonly value: V | null;
  /** The row that the last change replaced. */
  readonly before: V | null;
  readonly timestamp: number;
  readonly headers: Headers;
}

/**
 * What a suppress operator holds back: for each key its last change, in the order of the time under which the key first came
 * (a later change of the key does not move it, as in Kafka Streams' InMemoryTimeOrderedKeyValueChangeBuffer).
 */
export class SuppressBuffer<K, V> {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #count: StateNumber;
  /** The smallest time in the buffer; infinite when it is empty. */
  readonly #earliest: StateNumber;

  constructor(definition: SuppressStoreDefinition<K, V>, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#value = definition.value;
    this.#count = new StateNumber(buffer, `${ROOM.meta}count`, 0);
    this.#earliest = new StateNumber(buffer, `${ROOM.meta}earliest`, Number.POSITIVE_INFINITY);
  }

  get count(): number {
    return this.#count.value;
  }

  get earliest(): number {
    return this.#earliest.value;
  }

  put(time: number, change: Suppressed<K, V>): void {
    const binary = this.#binary(change.key);
    checkKeyLength(binary, 1);
    const place = keyPrefix(binary);
    const before = this.#bytes(change.before);
    const known = this.#buffer.get(place);
    const entry = known === null ? ROOM.byTime + timeKey(time) + binary : entryAt(known, binary);
    const buffered = known === null ? null : this.#buffer.get(entry);
    const prior = buffered === null ? before : readSuppressed(buffered).prior;
    const { timestamp, headers } = change;
    this.#buffer.put(entry, writeSuppressed({ value: this.#bytes(change.value), before, prior, timestamp, headers }));
    if (known !== null) return;
    this.#buffer.put(place, fromBinaryString(timeKey(time)));
    this.#count.value++;
    this.#earliest.value = Math.min(this.#earliest.value, time);
  }

  /** The row of a buffered key as those below the operator know it: before its first change in the buffer. Undefined: not buffered. */
  prior(key: K): V | null | undefined {
    const binary = this.#binary(key);
    const known = this.#buffer.get(keyPrefix(binary));
    if (known === null) return undefined;
    return this.#read(readSuppressed(this.#buffer.get(entryAt(known, binary))!).prior);
  }

  /** Hands out changes from the earliest on and takes them out, as long as the condition holds before each. */
  evictWhile(condition: () => boolean, emit: (change: Suppressed<K, V>) => void): void {
    if (!condition()) return;
    const at = ROOM.byTime.length;
    let earliest = Number.POSITIVE_INFINITY;
    for (const [entry, bytes] of this.#buffer.range(ROOM.byTime, ROOM.end)) {
      this.#earliest.value = timeAt(entry, at);
      if (!condition()) {
        earliest = timeAt(entry, at);
        break;
      }
      const binary = entry.slice(at + TIME_LENGTH);
      emit(this.#change(binary, readSuppressed(bytes)));
      this.#buffer.put(entry, null);
      this.#buffer.put(keyPrefix(binary), null);
      this.#count.value--;
    }
    this.#earliest.value = earliest;
  }

  /** All buffered changes with their times, the earliest first. */
  *entries(): IterableIterator<readonly [number, Suppressed<K, V>]> {
    const at = ROOM.byTime.length;
    for (const [entry, bytes] of this.#buffer.range(ROOM.byTime, ROOM.end)) {
      yield [timeAt(entry, at), this.#change(entry.slice(at + TIME_LENGTH), readSuppressed(bytes))];
    }
  }

  #change(binary: string, { value, before, timestamp, headers }: SuppressedBytes): Suppressed<K, V> {
    const key = this.#key.deserialize(fromBinaryString(binary));
    return { key, value: this.#read(value), before: this.#read(before), timestamp, headers };
  }

  #binary(key: K): string {
    return toBinaryString(this.#key.serialize(key));
  }

  #bytes(value: V | null): Uint8Array | null {
    return value === null ? null : this.#value.serialize(value);
  }

  #read(bytes: Uint8Array | null): V | null {
    return bytes === null ? null : this.#value.deserialize(bytes);
  }
}

function entryAt(time: Uint8Array, binary: string): string {
  return ROOM.byTime + toBinaryString(time) + binary;
}
