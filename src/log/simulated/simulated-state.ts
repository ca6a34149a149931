import type { CommittedState } from '../log.ts';

/** Committed stores over plain maps. `entriesOf` gives those of one partition as they are at the call. */
export function simulatedState(
  entriesOf: (store: string, partition: number) => ReadonlyMap<string, Uint8Array>,
): CommittedState {
  return {
    partition: (store, partition) => ({
      get(key) {
        const value = entriesOf(store, partition).get(key);
        return value === undefined ? undefined : Uint8Array.from(value);
      },
      *range(from, to, reverse = false) {
        const keys = [...entriesOf(store, partition).keys()]
          .filter((key) => (from === undefined || key >= from) && (to === undefined || key < to))
          .sort((left, right) => (left < right ? -1 : 1));
        if (reverse) keys.reverse();
        for (const key of keys) {
          const value = entriesOf(store, partition).get(key);
          if (value !== undefined) yield [key, Uint8Array.from(value)];
        }
      },
    }),
  };
}
