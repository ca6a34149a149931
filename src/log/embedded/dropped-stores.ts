import type { Environment } from '../../storage/environment.ts';
import type { StoreCatalog } from '../stores/store-catalog.ts';
import type { LogTables } from './log-tables.ts';

/** Entries deleted in one step: short enough that commits hardly wait for it. */
const STEP_ENTRIES = 1_000;

/** Deletes what stores held that were dropped with the reset of their group. Nobody finds it any more; it only takes room. */
export class DroppedStores {
  readonly #environment: Environment;
  readonly #tables: LogTables;
  readonly #stores: StoreCatalog;

  constructor(environment: Environment, tables: LogTables, stores: StoreCatalog) {
    this.#environment = environment;
    this.#tables = tables;
    this.#stores = stores;
  }

  /** One bounded step. Returns whether there is more to do. Throws STORAGE_FULL, STORAGE_FAILED. */
  step(): boolean {
    const storeId = this.#stores.firstDropped();
    if (storeId === undefined) return false;
    const { state, stores } = this.#tables;
    const keys = state.keys({
      start: { storeId, partition: 0, text: '' },
      end: { storeId: storeId + 1, partition: 0, text: '' },
      limit: STEP_ENTRIES,
    });
    const isLast = keys.length < STEP_ENTRIES;
    this.#environment.transaction(() => {
      for (const key of keys) state.delete(key);
      // Its number is free only now: another store under it would have found what was left.
      if (isLast) stores.delete(storeId);
    });
    if (isLast) this.#stores.forgetDropped(storeId);
    return !isLast || this.#stores.firstDropped() !== undefined;
  }
}
