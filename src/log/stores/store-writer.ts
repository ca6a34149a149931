import type { Table } from '../../storage/table.ts';
import type { StateChanges } from '../log.ts';
import type { StoreCatalog } from './store-catalog.ts';
import type { StateKey } from './store-tables.ts';

/** Writes changes of stores; to be called inside a transaction of the environment. */
export class StoreWriter {
  readonly #catalog: StoreCatalog;
  readonly #table: Table<StateKey>;
  readonly #key: StateKey = { storeId: 0, partition: 0, text: '' };

  constructor(catalog: StoreCatalog, table: Table<StateKey>) {
    this.#catalog = catalog;
    this.#table = table;
  }

  /** Stores that get their number here are added to `newStores`: where the transaction fails, the catalog has to forget them. */
  write(group: string, changes: readonly StateChanges[], newStores: [group: string, store: string][]): void {
    const key = this.#key;
    const table = this.#table;
    for (const { store, partition, entries } of changes) {
      let storeId = this.#catalog.find(group, store);
      if (storeId === undefined) {
        newStores.push([group, store]);
        storeId = this.#catalog.create(group, store);
      }
      key.storeId = storeId;
      key.partition = partition;
      for (const [text, value] of entries) {
        key.text = text;
        if (value === null) table.delete(key);
        else table.put(key, value);
      }
    }
  }
}
