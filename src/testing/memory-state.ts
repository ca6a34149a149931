import type { CommittedPartition, CommittedState, StateChanges } from '../log/log.ts';

/** Committed state in memory, for the test driver. */
export class MemoryState implements CommittedState {
  readonly #partitions = new Map<string, MemoryPartition>();

  partition(store: string, partition: number): MemoryPartition {
    const name = `${partition} ${store}`;
    let found = this.#partitions.get(name);
    if (found === undefined) {
      found = new MemoryPartition();
      this.#partitions.set(name, found);
    }
    return found;
  }

  apply(changes: readonly StateChanges[]): void {
    for (const { store, partition, entries } of changes) {
      const target = this.partition(store, partition);
      for (const [key, value] of entries) target.set(key, value);
    }
  }
}

export class MemoryPartition implements CommittedPartition {
  readonly #entries = new Map<string, Uint8Array>();

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key)?.slice();
  }

  set(key: string, value: Uint8Array | null): void {
    if (value === null) this.#entries.delete(key);
    else this.#entries.set(key, value.slice());
  }

  *range(from?: string, to?: string, reverse = false): IterableIterator<readonly [string, Uint8Array]> {
    const keys = [...this.#entries.keys()]
      .filter((key) => (from === undefined || key >= from) && (to === undefined || key < to))
      .sort();
    if (reverse) keys.reverse();
    for (const key of keys) yield [key, this.#entries.get(key)!.slice()];
  }
}
