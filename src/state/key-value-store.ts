import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import type { KeyValueStoreDefinition } from './store-definition.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** A key-value store as the rules of a topology see it: their own values, reads that see their own writes. */
export interface KeyValueStore<K, V> {
  /** The value, or undefined. What is returned is a copy: changing it changes nothing until it is put. */
  get(key: K): V | undefined;
  /** `undefined` deletes. The value is serialised at once. Throws SERIALIZATION_FAILED or what the serde throws. */
  put(key: K, value: V | undefined): void;
  /** Takes the entry out, if there is one. */
  delete(key: K): void;
  /** Entries with from <= key < to, in the order of the serialised keys. */
  range(from?: K, to?: K): IterableIterator<readonly [K, V]>;
}

/** The store of a `process` operator: serdes over the write buffer. */
export class SerdeKeyValueStore<K, V> implements KeyValueStore<K, V> {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;

  constructor(definition: KeyValueStoreDefinition<K, V>, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#value = definition.value;
  }

  get(key: K): V | undefined {
    const bytes = this.#buffer.get(toBinaryString(this.#key.serialize(key)));
    // A copy: a serde may return a view of its argument, and its owner may write into that.
    return bytes === null ? undefined : this.#value.deserialize(bytes.slice());
  }

  put(key: K, value: V | undefined): void {
    const bytes = value === undefined ? null : owned(this.#value.serialize(value), value);
    this.#buffer.put(toBinaryString(this.#key.serialize(key)), bytes);
  }

  delete(key: K): void {
    this.put(key, undefined);
  }

  *range(from?: K, to?: K): IterableIterator<readonly [K, V]> {
    const entries = this.#buffer.range(
      from === undefined ? undefined : toBinaryString(this.#key.serialize(from)),
      to === undefined ? undefined : toBinaryString(this.#key.serialize(to)),
    );
    for (const [key, value] of entries) {
      yield [this.#key.deserialize(fromBinaryString(key)), this.#value.deserialize(value.slice())];
    }
  }
}

/** A serde that returns its argument (bytes) would let later changes by its owner into the store: such a value is copied. */
function owned(bytes: Uint8Array, value: unknown): Uint8Array {
  return bytes === value ? bytes.slice() : bytes;
}
