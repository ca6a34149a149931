import type { CommittedPartition, StateChanges } from '../log/log.ts';

/** What the buffer knows of a key: as array, so that the dirty ones go into a commit as they are. */
type Entry = [key: string, value: Uint8Array | null, isDirty: boolean];

/**
 * Entries kept as a read cache after a commit; past it the whole cache is dropped. Each partition of each store has one, of
 * some 300 bytes an entry.
 */
export const CACHED_ENTRIES_MAX = 50_000;

/** Changes that a range looks through one by one before they are sorted in among the others. */
const UNSORTED_MAX = 64;

/**
 * The changes of one partition of one store since the last commit, over its committed state (design D4). It is three
 * things at once: the record cache (a key that changes often is written once), the savepoint of the record being
 * processed (`rollbackRecord`), and the rollback of a commit (`dropChanges`). Keys are binary strings, see
 * CommittedState.
 */
export class WriteBuffer {
  readonly store: string;
  readonly partition: number;
  readonly #committed: CommittedPartition;
  #entries = new Map<string, Entry>();
  #dirty: Entry[] = [];
  /** The first `#sorted.length` of `#dirty` in the order of their keys, so that a range need not look at all of them. */
  #sorted: Entry[] = [];
  /** What the present record replaced, in order: entry, its value, whether it was dirty. */
  readonly #undoEntries: Entry[] = [];
  readonly #undoValues: (Uint8Array | null)[] = [];
  readonly #undoDirty: boolean[] = [];
  /** Entries in use of the three lists: to shorten an array costs more than everything else here. */
  #undoCount = 0;

  constructor(store: string, partition: number, committed: CommittedPartition) {
    this.store = store;
    this.partition = partition;
    this.#committed = committed;
  }

  get dirtyCount(): number {
    return this.#dirty.length;
  }

  get(key: string): Uint8Array | null {
    return this.#entry(key)[1];
  }

  /** `null` deletes. The buffer keeps `value`; the caller must not change it afterwards. */
  put(key: string, value: Uint8Array | null): void {
    const entry = this.#entry(key);
    const undo = this.#undoCount++;
    this.#undoEntries[undo] = entry;
    this.#undoValues[undo] = entry[1];
    this.#undoDirty[undo] = entry[2];
    entry[1] = value;
    if (!entry[2]) {
      entry[2] = true;
      this.#dirty.push(entry);
    }
  }

  /** Entries with from <= key < to in the order of their bytes, buffered changes merged over committed state. */
  *range(from?: string, to?: string, reverse = false): IterableIterator<readonly [string, Uint8Array]> {
    const changed = this.#changedIn(from, to);
    if (reverse) changed.reverse();
    let next = 0;
    const comesBefore = (left: string, right: string) => (reverse ? left > right : left < right);
    for (const committed of this.#committed.range(from, to, reverse)) {
      while (next < changed.length && comesBefore(changed[next]![0], committed[0])) {
        const [key, value] = changed[next++]!;
        if (value !== null) yield [key, value];
      }
      if (next < changed.length && changed[next]![0] === committed[0]) {
        const [key, value] = changed[next++]!;
        if (value !== null) yield [key, value];
      } else {
        yield committed;
      }
    }
    for (; next < changed.length; next++) {
      const [key, value] = changed[next]!;
      if (value !== null) yield [key, value];
    }
  }

  /** The savepoint: what is put from here on can be undone by {@link rollbackRecord}. */
  beginRecord(): void {
    this.#undoCount = 0;
  }

  rollbackRecord(): void {
    for (let i = this.#undoCount - 1; i >= 0; i--) {
      const entry = this.#undoEntries[i]!;
      entry[1] = this.#undoValues[i]!;
      // An entry becomes dirty at the end of the list, so undoing in reverse order takes it from there.
      if (entry[2] && !this.#undoDirty[i]!) {
        entry[2] = false;
        this.#dirty.pop();
      }
    }
    if (this.#sorted.length > this.#dirty.length) this.#sorted = [];
    this.beginRecord();
  }

  /** The changes for the commit; undefined where there are none. Valid until {@link markCommitted}. */
  changes(): StateChanges | undefined {
    if (this.#dirty.length === 0) return undefined;
    const entries = this.#dirty as readonly Entry[] as Iterable<readonly [string, Uint8Array | null]>;
    return { store: this.store, partition: this.partition, entries };
  }

  /** The changes are in the committed state now; they stay here as a cache for reads. */
  markCommitted(): void {
    this.beginRecord();
    if (this.#entries.size > CACHED_ENTRIES_MAX) this.#entries = new Map();
    else for (const entry of this.#dirty) entry[2] = false;
    this.#dirty = [];
    this.#sorted = [];
  }

  /** A copy of what changed with from <= key < to, in order. */
  #changedIn(from: string | undefined, to: string | undefined): (readonly [string, Uint8Array | null])[] {
    if (this.#dirty.length - this.#sorted.length > UNSORTED_MAX) this.#sort();
    const first = from === undefined ? 0 : firstAtOrAfter(this.#sorted, from);
    const end = to === undefined ? this.#sorted.length : firstAtOrAfter(this.#sorted, to);
    const changed: (readonly [string, Uint8Array | null])[] = [];
    for (let i = first; i < end; i++) changed.push([this.#sorted[i]![0], this.#sorted[i]![1]]);
    const inOrder = changed.length;
    for (let i = this.#sorted.length; i < this.#dirty.length; i++) {
      const [key, value] = this.#dirty[i]!;
      if ((from === undefined || key >= from) && (to === undefined || key < to)) changed.push([key, value]);
    }
    return changed.length === inOrder ? changed : changed.sort(byKey);
  }

  #sort(): void {
    const sorted = this.#sorted;
    const added = this.#dirty.slice(sorted.length).sort(byKey);
    const merged: Entry[] = [];
    let next = 0;
    for (const entry of added) {
      while (next < sorted.length && sorted[next]![0] < entry[0]) merged.push(sorted[next++]!);
      merged.push(entry);
    }
    while (next < sorted.length) merged.push(sorted[next++]!);
    this.#sorted = merged;
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = [key, this.#committed.get(key) ?? null, false];
      this.#entries.set(key, entry);
    }
    return entry;
  }
}

function byKey(left: readonly [string, ...unknown[]], right: readonly [string, ...unknown[]]): number {
  return left[0] < right[0] ? -1 : 1;
}

function firstAtOrAfter(entries: readonly Entry[], key: string): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]![0] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
