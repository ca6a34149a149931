import { toBinaryString } from '../../state/binary-string.ts';
import type { VersionedStoreDefinition } from '../../state/store-definition.ts';
import { type Version, VersionedStore } from '../../state/versioned-store.ts';
import type { WriteBuffer } from '../../state/write-buffer.ts';
import type { KeyValueRow, TableRow } from './key-value-queries.ts';
import { compareText, first, firstFound, gathered, type QueriedStore } from './queried-store.ts';
import { type KeyRange, type TimeRange, timeOf, timesOf } from './query-range.ts';

/** Reads a versioned table (KIP-889, KIP-960, KIP-968). */
export class VersionedQueries<K, V> {
  readonly kind = 'versioned';
  readonly name: string;
  readonly #store: QueriedStore<VersionedStoreDefinition<K, V>>;

  constructor(store: QueriedStore<VersionedStoreDefinition<K, V>>) {
    this.#store = store;
    this.name = store.definition.name;
  }

  /** The row as it is now. */
  get(key: K): TableRow<K, V> | undefined {
    return this.#one(key, (store) => store.get(key));
  }

  /** The row as it was at a time; undefined where there was none, and where that is beyond the history that is kept. */
  asOf(key: K, time: number): TableRow<K, V> | undefined {
    const at = Math.floor(timeOf(time));
    return this.#one(key, (store) => store.asOf(key, at));
  }

  /** What the row was between two times, the newest first. While it was deleted there is no version. */
  versions(key: K, range: TimeRange = {}): readonly Version<V>[] {
    const { from, to } = timesOf(range);
    if (to < from) return [];
    return firstFound(this.#store, key, (buffer) => first(range.limit, this.#opened(buffer).versions(key, from, to)));
  }

  /** The rows of all partitions as they are now with from <= key < to, in the order of the serialised keys. */
  range({ from, to, limit }: KeyRange<K> = {}): readonly KeyValueRow<K, V>[] {
    const { key: serde } = this.#store.definition;
    const binary = (key: K) => toBinaryString(serde.serialize(key));
    return gathered(
      this.#store,
      limit,
      (buffer) => this.#opened(buffer).range(from, to),
      ([left], [right]) => compareText(binary(left), binary(right)),
    ).map(([key, value]) => ({ key, value }));
  }

  /** All rows as they are now, or the first ones, in the order of the serialised keys. */
  all(options: { readonly limit?: number } = {}): readonly KeyValueRow<K, V>[] {
    return this.range(options);
  }

  #one(key: K, read: (store: VersionedStore<K, V>) => V | null): TableRow<K, V> | undefined {
    const [row] = firstFound(this.#store, key, (buffer) => {
      const store = this.#opened(buffer);
      const value = read(store);
      return value === null ? [] : [{ key, value, timestamp: store.timestamp }];
    });
    return row;
  }

  #opened(buffer: WriteBuffer): VersionedStore<K, V> {
    return new VersionedStore(this.#store.definition, buffer);
  }
}
