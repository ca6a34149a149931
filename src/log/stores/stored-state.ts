import type { Table, TableRange } from '../../storage/table.ts';
import type { CommittedPartition, CommittedState } from '../log.ts';
import type { StoreCatalog } from './store-catalog.ts';
import type { StateKey } from './store-tables.ts';

/** A range reads its first entries in a small step, later ones in greater steps. */
const FIRST_STEP = 64;
const STEP_MAX = 1_024;

/** The committed stores of one group. */
export class StoredState implements CommittedState {
  readonly #group: string;
  readonly #stores: StoreCatalog;
  readonly #table: Table<StateKey>;
  readonly #requireOpen: () => void;

  constructor(group: string, stores: StoreCatalog, table: Table<StateKey>, requireOpen: () => void) {
    this.#group = group;
    this.#stores = stores;
    this.#table = table;
    this.#requireOpen = requireOpen;
  }

  partition(store: string, partition: number): CommittedPartition {
    const table = this.#table;
    const requireOpen = this.#requireOpen;
    let storeId: number | undefined;
    let generation = this.#stores.generation;
    // The store gets its number with the first commit that writes to it, and another one after a reset.
    const idOf = () => {
      requireOpen();
      if (storeId === undefined || generation !== this.#stores.generation) {
        storeId = this.#stores.find(this.#group, store);
        generation = this.#stores.generation;
      }
      return storeId;
    };
    const lookedUp: StateKey = { storeId: 0, partition, text: '' };
    return {
      get(key) {
        const id = idOf();
        if (id === undefined) return undefined;
        lookedUp.storeId = id;
        lookedUp.text = key;
        return table.get(lookedUp);
      },
      *range(from, to, reverse = false) {
        const id = idOf();
        if (id === undefined) return;
        const least: StateKey = { storeId: id, partition, text: from ?? '' };
        const beyond = to === undefined ? keyBehind(id, partition) : { storeId: id, partition, text: to };
        if (to !== undefined && to <= least.text) return;
        let range: TableRange<StateKey> = reverse
          ? { start: beyond, exclusiveStart: true, end: least, inclusiveEnd: true, reverse: true }
          : { start: least, end: beyond };
        // Each step is read at once and the rest looked up again, so that no iterator is open between two of them.
        for (let limit = FIRST_STEP; ; limit = Math.min(limit * 4, STEP_MAX)) {
          requireOpen();
          const entries = table.entries({ ...range, limit });
          for (const [key, value] of entries) yield [key.text, value];
          if (entries.length < limit) return;
          range = { ...range, start: entries.at(-1)![0], exclusiveStart: true };
        }
      },
    };
  }
}

/** The least key that sorts behind all of the partition. */
function keyBehind(storeId: number, partition: number): StateKey {
  return partition === 0xffff_ffff
    ? { storeId: storeId + 1, partition: 0, text: '' }
    : { storeId, partition: partition + 1, text: '' };
}
