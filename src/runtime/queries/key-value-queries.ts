import { fromBinaryString, toBinaryString } from '../../state/binary-string.ts';
import type { KeyValueStoreDefinition } from '../../state/store-definition.ts';
import { readTimestamp, readTimestamped } from '../../state/timestamped-store.ts';
import { compareText, firstFound, gathered, type QueriedStore } from './queried-store.ts';
import type { KeyRange } from './query-range.ts';

/** A row of a `process` operator's store. */
export interface KeyValueRow<K, V> {
  readonly key: K;
  readonly value: V;
}

/** A row of a table. */
export interface TableRow<K, V> extends KeyValueRow<K, V> {
  /** Of the record that changed it last; of a versioned table: from when on it holds. Milliseconds since 1970. */
  readonly timestamp: number;
}

/** Reads a store by key; `Row` is {@link TableRow} for tables and aggregates. */
export class KeyValueQueries<K, V, Kind extends 'keyValue' | 'table', Row extends KeyValueRow<K, V>> {
  readonly kind: Kind;
  readonly name: string;
  readonly #store: QueriedStore<KeyValueStoreDefinition<K, V>>;
  readonly #read: (key: K, stored: Uint8Array) => Row;

  constructor(
    kind: Kind,
    store: QueriedStore<KeyValueStoreDefinition<K, V>>,
    read: (key: K, stored: Uint8Array) => Row,
  ) {
    this.kind = kind;
    this.name = store.definition.name;
    this.#store = store;
    this.#read = read;
  }

  /** The row of a key; undefined where there is none. */
  get(key: K): Row | undefined {
    const binary = toBinaryString(this.#store.definition.key.serialize(key));
    const [row] = firstFound(this.#store, key, (buffer) => {
      const stored = buffer.get(binary);
      return stored === null ? [] : [this.#read(key, stored)];
    });
    return row;
  }

  /** The rows of all partitions with from <= key < to, in the order of the serialised keys. */
  range({ from, to, limit }: KeyRange<K> = {}): readonly Row[] {
    const { key: serde } = this.#store.definition;
    const binary = (key: K | undefined) => (key === undefined ? undefined : toBinaryString(serde.serialize(key)));
    const [least, beyond] = [binary(from), binary(to)];
    const found = gathered(
      this.#store,
      limit,
      (buffer) => buffer.range(least, beyond),
      ([left], [right]) => compareText(left, right),
    );
    return found.map(([key, stored]) => this.#read(serde.deserialize(fromBinaryString(key)), stored));
  }

  /** All rows, or the first ones, in the order of the serialised keys. */
  all(options: { readonly limit?: number } = {}): readonly Row[] {
    return this.range(options);
  }
}

/** Of a store that a `process` keeps: rows without a time. */
export function plainQueries<K, V>(store: QueriedStore<KeyValueStoreDefinition<K, V>>) {
  const { value } = store.definition;
  return new KeyValueQueries<K, V, 'keyValue', KeyValueRow<K, V>>('keyValue', store, (key, stored) => ({
    key,
    value: value.deserialize(stored.slice()),
  }));
}

/** Of a table or an aggregate. */
export function tableQueries<K, V>(store: QueriedStore<KeyValueStoreDefinition<K, V>>) {
  const { value } = store.definition;
  return new KeyValueQueries<K, V, 'table', TableRow<K, V>>('table', store, (key, stored) => ({
    key,
    value: readTimestamped(stored, value),
    timestamp: readTimestamp(stored),
  }));
}
