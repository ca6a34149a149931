import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import type { KeyValueStoreDefinition } from './store-definition.ts';
import type { WriteBuffer } from './write-buffer.ts';

const TIMESTAMP_BYTES = 8;

/** The value of a row as {@link TimestampedStore} writes it. */
export function readTimestamped<V>(stored: Uint8Array, value: Serde<V>): V {
  return value.deserialize(stored.slice(TIMESTAMP_BYTES));
}

/** The timestamp beside it. */
export function readTimestamp(stored: Uint8Array): number {
  return new DataView(stored.buffer, stored.byteOffset).getFloat64(0, true);
}

/**
 * The store behind a table: each value with the timestamp of the record that made it (KIP-258), as 8 bytes of
 * little-endian float64 (exact for whole milliseconds) before the value's own bytes.
 *
 * Reading returns the timestamp through {@link timestamp} rather than in an object: this is the hottest call there is.
 */
export class TimestampedStore<K, V> {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #scratch = new DataView(new ArrayBuffer(TIMESTAMP_BYTES));
  readonly #scratchBytes = new Uint8Array(this.#scratch.buffer);
  #timestamp = 0;
  #lastKey: K | undefined;
  #lastKeyBinary = '';

  constructor(definition: KeyValueStoreDefinition<K, V>, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#value = definition.value;
  }

  /** The timestamp of the value that the last successful {@link get} returned. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** The value, or null. */
  get(key: K): V | null {
    const bytes = this.#buffer.get(this.#keyOf(key));
    if (bytes === null) return null;
    for (let i = 0; i < TIMESTAMP_BYTES; i++) this.#scratchBytes[i] = bytes[i]!;
    this.#timestamp = this.#scratch.getFloat64(0, true);
    // A copy: a serde may return a view of its argument, and its owner may write into that.
    return this.#value.deserialize(bytes.slice(TIMESTAMP_BYTES));
  }

  /** A null value deletes. */
  put(key: K, value: V | null, timestamp: number): void {
    this.#buffer.put(this.#keyOf(key), value === null ? null : this.#encode(value, timestamp));
  }

  /** Entries with from <= key < to, in the order of the serialised keys. */
  *range(from?: K, to?: K): IterableIterator<readonly [K, V]> {
    const binary = (key: K | undefined) => (key === undefined ? undefined : toBinaryString(this.#key.serialize(key)));
    for (const [key, stored] of this.#buffer.range(binary(from), binary(to))) {
      yield [this.#key.deserialize(fromBinaryString(key)), this.#value.deserialize(stored.slice(TIMESTAMP_BYTES))];
    }
  }

  #encode(value: V, timestamp: number): Uint8Array {
    const bytes = this.#value.serialize(value);
    const stored = new Uint8Array(TIMESTAMP_BYTES + bytes.length);
    this.#scratch.setFloat64(0, timestamp, true);
    for (let i = 0; i < TIMESTAMP_BYTES; i++) stored[i] = this.#scratchBytes[i]!;
    stored.set(bytes, TIMESTAMP_BYTES);
    return stored;
  }

  /** A get is mostly followed by a put under the same key; primitives can be compared, objects may have changed. */
  #keyOf(key: K): string {
    if (key === this.#lastKey && typeof key !== 'object') return this.#lastKeyBinary;
    const binary = toBinaryString(this.#key.serialize(key));
    this.#lastKey = key;
    this.#lastKeyBinary = binary;
    return binary;
  }
}
