import { HeadraceError } from '../errors.ts';
import { type GroupOffset, STATE_KEY_BYTES_MAX, type StateChanges, type Transaction, type Watermarks } from './log.ts';
import type { TopicPartition } from './record.ts';

/**
 * Checks what of a transaction does not depend on the moment of its commit, and returns it with entries that can be
 * walked more than once. Throws KEY_TOO_LARGE, COMMIT_REFUSED.
 */
export function checkStateChanges(changes: readonly StateChanges[]): readonly StateChanges[] {
  return changes.map((change) => {
    const entries =
      Array.isArray(change.entries) || change.entries instanceof Map ? change.entries : [...change.entries];
    if (!Number.isInteger(change.partition) || change.partition < 0 || change.partition > 0xffff_ffff) {
      throw refused(`store ${change.store} has no partition ${change.partition}`);
    }
    for (const entry of entries as Iterable<readonly [string, unknown]>) {
      const key = entry[0];
      if (key.length > STATE_KEY_BYTES_MAX) {
        throw new HeadraceError(
          'KEY_TOO_LARGE',
          `A key of ${key.length} bytes in store ${change.store} is over the limit of ${STATE_KEY_BYTES_MAX}`,
        );
      }
    }
    return { store: change.store, partition: change.partition, entries };
  });
}

/** Throws COMMIT_REFUSED where an offset is not of a partition of the member, or outside of what the log holds. */
export function checkOffsets(
  offsets: readonly GroupOffset[],
  isAssigned: (partition: TopicPartition) => boolean,
  watermarksOf: (partition: TopicPartition) => Watermarks,
): void {
  for (const place of offsets) {
    const { topic, partition, offset } = place;
    if (!isAssigned(place)) throw refused(`${topic}-${partition} is not assigned to the member`, place);
    const { end } = watermarksOf(place);
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > end) {
      throw refused(`offset ${offset} of ${topic}-${partition} is not within 0 to ${end}`, place);
    }
  }
}

/** Bytes of the records of a transaction, as the queue counts them. */
export function recordBytes(transaction: Transaction): number {
  return transaction.records.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

function refused(why: string, where: Partial<GroupOffset> = {}): HeadraceError {
  return new HeadraceError('COMMIT_REFUSED', `The commit is refused: ${why}`, { where });
}
