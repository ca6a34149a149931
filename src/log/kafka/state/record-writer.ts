import type { KeyCodec, Table } from '../../../storage/table.ts';
import type { StoreCatalog } from '../../stores/store-catalog.ts';
import { stateKeys, writeUint32 } from '../../stores/store-tables.ts';
import { decodeChangelogKey, PARTITION_BYTES } from './changelog-record.ts';
import type { SortedRecords } from './sorted-records.ts';

/** A state key whose text stands in the bytes of a changelog record, from `from` on. */
export interface RecordStateKey {
  storeId: number;
  partition: number;
  bytes: Uint8Array;
  from: number;
}

/** The same bytes as {@link stateKeys} makes, without a string between: a restore makes millions of them. */
export const recordStateKeys: KeyCodec<RecordStateKey> = {
  write({ storeId, partition, bytes, from }, target, start) {
    let at = writeUint32(partition, target, writeUint32(storeId, target, start));
    const { length } = bytes;
    for (let i = from; i < length; i++) target[at++] = bytes[i]!;
    return at;
  },
  read(source, start, end) {
    const { storeId, partition } = stateKeys.read(source, start, end);
    return { storeId, partition, bytes: source.subarray(start, end), from: 2 * PARTITION_BYTES };
  },
};

/** Writes records of a changelog into the table of states; to be called inside a transaction. */
export class RecordWriter {
  readonly #catalog: StoreCatalog;
  readonly #table: Table<RecordStateKey>;
  readonly #key: RecordStateKey = { storeId: 0, partition: 0, bytes: new Uint8Array(0), from: 0 };

  constructor(catalog: StoreCatalog, table: Table<RecordStateKey>) {
    this.#catalog = catalog;
    this.#table = table;
  }

  /** Records [from, to), in order. Throws LOG_CORRUPT. `newStores` as in StoreWriter. */
  write(
    group: string,
    records: SortedRecords,
    from: number,
    to: number,
    newStores: [group: string, store: string][],
  ): void {
    const key = this.#key;
    const table = this.#table;
    // Neighbours are mostly of the same store and partition: what stands before their keys is compared, and looked up where it changes.
    let prefix: Uint8Array | undefined;
    for (let place = from; place < to; place++) {
      const bytes = records.keyAt(place);
      if (bytes === null || prefix === undefined || !beginsWith(bytes, prefix)) {
        const { store, partition } = decodeChangelogKey(bytes);
        key.storeId = this.#storeId(group, store, newStores);
        key.partition = partition;
        key.from = 1 + bytes![0]! + PARTITION_BYTES;
        prefix = bytes!.subarray(0, key.from);
      }
      key.bytes = bytes!;
      const value = records.valueAt(place);
      if (value === null) table.delete(key);
      else table.put(key, value);
    }
  }

  #storeId(group: string, store: string, newStores: [group: string, store: string][]): number {
    const known = this.#catalog.find(group, store);
    if (known !== undefined) return known;
    newStores.push([group, store]);
    return this.#catalog.create(group, store);
  }
}

function beginsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  const { length } = prefix;
  if (bytes.length < length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}
