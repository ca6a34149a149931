import type { CommittedPartition, CommittedState } from '../../log.ts';

const nothing: CommittedPartition = { get: () => undefined, range: () => [][Symbol.iterator]() };

/** Committed state without the copies that this process keeps for others: they are late, and not as of one commit. Only owners answer. */
export function withoutCopies(
  committed: CommittedState,
  isCopy: (store: string, partition: number) => boolean,
): CommittedState {
  return {
    partition: (store, partition) => (isCopy(store, partition) ? nothing : committed.partition(store, partition)),
  };
}
