import type { CommittedPartition, StateChanges } from '../log/log.ts';

/**
 * What the buffer knows of a key: as array, so that the dirty ones go into a commit as they are. `isCommitted`: the committed
 * state has a value.
 */
type Entry = [key: string, value: Uint8Array | null, isDirty: boolean, isCommitted: boolean];

/** Changes of one record among which a key is looked for one by one. */
const SEARCHED_MAX = 16;

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
  /** A key that the committed state does not have. */
  #missing: string | undefined;
  #commits = 0;
  #dirty: Entry[] = [];
  /**
   * The first `#sortedCount` of `#dirty`, each run in the order of its keys and at most half as long as the one before it: a range
   * looks them up, and to keep them so costs each entry but a few merges. What a record took back may still stand in them.
   */
  #runs: Entry[][] = [];
  #sortedCount = 0;
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
    const known = this.#entries.get(key);
    if (known !== undefined) return known[1];
    const committed = this.#committed.get(key);
    if (committed === undefined) {
      // Not kept: joins look for many keys that are not there. But mostly it is put next.
      this.#missing = key;
      return null;
    }
    this.#entries.set(key, [key, committed, false, true]);
    return committed;
  }

  /** As {@link get} and {@link put} for a key of which the caller knows that the committed state does not have it: nothing is read there. */
  getNew(key: string): Uint8Array | null {
    return this.#entries.get(key)?.[1] ?? null;
  }

  putNew(key: string, value: Uint8Array): void {
    this.#missing = key;
    this.put(key, value);
  }

  /** Grows with every commit of changes. */
  get commits(): number {
    return this.#commits;
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

  /** Whether anything was put since the savepoint. */
  get isChangedByRecord(): boolean {
    return this.#undoCount > 0;
  }

  /** Calls `take` for each key that was put since the savepoint, once, in order; null is no value. What came and went is left out. */
  eachRecordChange(take: (key: string, before: Uint8Array | null, after: Uint8Array | null) => void): void {
    const seen = this.#undoCount > SEARCHED_MAX ? new Set<Entry>() : undefined;
    for (let i = 0; i < this.#undoCount; i++) {
      const entry = this.#undoEntries[i]!;
      if (seen === undefined ? this.#undoEntries.indexOf(entry) < i : seen.has(entry)) continue;
      seen?.add(entry);
      const before = this.#undoValues[i]!;
      if (before !== null || entry[1] !== null) take(entry[0], before, entry[1]);
    }
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
    this.#sortedCount = Math.min(this.#sortedCount, this.#dirty.length);
    this.beginRecord();
  }

  /** The changes for the commit; undefined where there are none. Valid until {@link markCommitted}. */
  changes(): StateChanges | undefined {
    if (this.#dirty.length === 0) return undefined;
    // What came and went between two commits was never there.
    const told = this.#dirty.filter(([, value, , isCommitted]) => value !== null || isCommitted);
    const entries = told as readonly Entry[] as Iterable<readonly [string, Uint8Array | null]>;
    return { store: this.store, partition: this.partition, entries };
  }

  /** The changes are in the committed state now; they stay here as a cache for reads. */
  markCommitted(): void {
    this.#missing = undefined;
    if (this.#dirty.length > 0) this.#commits++;
    this.beginRecord();
    if (this.#entries.size > CACHED_ENTRIES_MAX) this.#entries = new Map();
    else {
      for (const entry of this.#dirty) {
        entry[2] = false;
        entry[3] = entry[1] !== null;
      }
    }
    this.#dirty = [];
    this.#runs = [];
    this.#sortedCount = 0;
  }

  /** A copy of what changed with from <= key < to, in order. */
  #changedIn(from: string | undefined, to: string | undefined): (readonly [string, Uint8Array | null])[] {
    if (this.#dirty.length - this.#sortedCount > UNSORTED_MAX) this.#sort();
    const changed: Entry[] = [];
    for (const run of this.#runs) {
      const end = to === undefined ? run.length : firstAtOrAfter(run, to);
      for (let i = from === undefined ? 0 : firstAtOrAfter(run, from); i < end; i++)
        if (run[i]![2]) changed.push(run[i]!);
    }
    let isOrdered = this.#runs.length <= 1;
    for (let i = this.#sortedCount; i < this.#dirty.length; i++) {
      const entry = this.#dirty[i]!;
      if ((from !== undefined && entry[0] < from) || (to !== undefined && entry[0] >= to)) continue;
      changed.push(entry);
      isOrdered = false;
    }
    if (!isOrdered) changed.sort(byKey);
    // A copy, without what was taken back and came again: that stands in two places.
    const copied: (readonly [string, Uint8Array | null])[] = [];
    for (let i = 0; i < changed.length; i++) {
      const entry = changed[i]!;
      if (entry !== changed[i - 1]) copied.push([entry[0], entry[1]]);
    }
    return copied;
  }

  #sort(): void {
    const runs = this.#runs;
    let added = this.#dirty.slice(this.#sortedCount).sort(byKey);
    this.#sortedCount = this.#dirty.length;
    while (runs.length > 0 && runs.at(-1)!.length < 2 * added.length) added = merged(runs.pop()!, added);
    runs.push(added);
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const committed = key === this.#missing ? undefined : this.#committed.get(key);
      entry = [key, committed ?? null, false, committed !== undefined];
      this.#entries.set(key, entry);
    }
    return entry;
  }
}

function merged(one: readonly Entry[], other: readonly Entry[]): Entry[] {
  const all: Entry[] = [];
  let next = 0;
  for (const entry of other) {
    while (next < one.length && one[next]![0] < entry[0]) all.push(one[next++]!);
    all.push(entry);
  }
  while (next < one.length) all.push(one[next++]!);
  return all;
}

function byKey(left: readonly [string, ...unknown[]], right: readonly [string, ...unknown[]]): number {
  return left[0] < right[0] ? -1 : left[0] === right[0] ? 0 : 1;
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
