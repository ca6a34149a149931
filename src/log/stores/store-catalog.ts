import type { StoreTables } from './store-tables.ts';

interface StoreRow {
  readonly group: string;
  readonly store: string;
  /** Nobody finds it by its name any more; its entries are being deleted. */
  readonly isDropped?: true;
}

/** The numbers of the groups' stores in the keys of the table `state`. */
export class StoreCatalog {
  readonly #tables: Pick<StoreTables, 'stores'>;
  readonly #ids = new Map<string, Map<string, number>>();
  readonly #dropped = new Set<number>();
  #nextId = 0;
  #generation = 0;

  constructor(tables: Pick<StoreTables, 'stores'>) {
    this.#tables = tables;
    tables.stores.forEach({}, (id, value) => {
      const { group, store, isDropped } = JSON.parse(Buffer.from(value).toString('utf8')) as StoreRow;
      if (isDropped) this.#dropped.add(id);
      else this.#add(id, group, store);
      this.#nextId = Math.max(this.#nextId, id + 1);
      return true;
    });
  }

  /** Grows when numbers that were found before may be those of dropped stores. */
  get generation(): number {
    return this.#generation;
  }

  find(group: string, store: string): number | undefined {
    return this.#ids.get(group)?.get(store);
  }

  namesOf(group: string): readonly string[] {
    return [...(this.#ids.get(group)?.keys() ?? [])];
  }

  /** To be called inside the transaction that first writes to the store; the number is valid once it is committed. */
  create(group: string, store: string): number {
    const id = this.#nextId;
    this.#put(id, { group, store });
    this.#add(id, group, store);
    this.#nextId = id + 1;
    return id;
  }

  /** Takes back a number whose transaction failed. */
  forget(group: string, store: string): void {
    this.#ids.get(group)?.delete(store);
  }

  /** To be called inside the transaction that drops all stores of a group, and {@link noteDropped} when it is committed. */
  drop(group: string): void {
    for (const [store, id] of this.#ids.get(group) ?? []) this.#put(id, { group, store, isDropped: true });
  }

  noteDropped(group: string): void {
    for (const id of this.#ids.get(group)?.values() ?? []) this.#dropped.add(id);
    this.#ids.delete(group);
    this.#generation++;
  }

  /** A dropped store that still has entries, or its row. */
  firstDropped(): number | undefined {
    for (const id of this.#dropped) return id;
    return undefined;
  }

  forgetDropped(id: number): void {
    this.#dropped.delete(id);
  }

  #put(id: number, row: StoreRow): void {
    this.#tables.stores.put(id, Buffer.from(JSON.stringify(row), 'utf8'));
  }

  #add(id: number, group: string, store: string): void {
    let stores = this.#ids.get(group);
    if (stores === undefined) {
      stores = new Map();
      this.#ids.set(group, stores);
    }
    stores.set(store, id);
  }
}
