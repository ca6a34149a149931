import type { LogTables } from './log-tables.ts';

interface StoreRow {
  readonly group: string;
  readonly store: string;
}

/** The numbers of the groups' stores in the keys of the table `state`. */
export class StoreCatalog {
  readonly #tables: LogTables;
  readonly #ids = new Map<string, Map<string, number>>();
  #nextId = 0;

  constructor(tables: LogTables) {
    this.#tables = tables;
    tables.stores.forEach({}, (id, value) => {
      const { group, store } = JSON.parse(Buffer.from(value).toString('utf8')) as StoreRow;
      this.#add(id, group, store);
      return true;
    });
  }

  find(group: string, store: string): number | undefined {
    return this.#ids.get(group)?.get(store);
  }

  /** To be called inside the transaction that first writes to the store; the number is valid once it is committed. */
  create(group: string, store: string): number {
    const id = this.#nextId;
    this.#tables.stores.put(id, Buffer.from(JSON.stringify({ group, store } satisfies StoreRow), 'utf8'));
    this.#add(id, group, store);
    return id;
  }

  /** Takes back a number whose transaction failed. */
  forget(group: string, store: string): void {
    this.#ids.get(group)?.delete(store);
  }

  #add(id: number, group: string, store: string): void {
    let stores = this.#ids.get(group);
    if (stores === undefined) {
      stores = new Map();
      this.#ids.set(group, stores);
    }
    stores.set(store, id);
    this.#nextId = Math.max(this.#nextId, id + 1);
  }
}
