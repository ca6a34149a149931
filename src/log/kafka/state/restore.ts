import type { StateChanges } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import type { RecordBatch } from '../../record-batch.ts';
import { decodeChangelogKey } from './changelog-record.ts';
import type { ChangelogPosition, LocalState } from './local-state.ts';

/** Reads a changelog. */
export interface ChangelogReader {
  /**
   * Committed records from the offset on, and where to go on; no batches where nothing more is readable now. Rejects with
   * OFFSET_OUT_OF_RANGE where the offset is not held.
   */
  fetch(
    changelog: TopicPartition,
    offset: number,
  ): Promise<{ readonly batches: readonly RecordBatch[]; readonly nextOffset: number }>;
}

export interface RestoreProgress extends TopicPartition {
  readonly group: string;
  readonly fromOffset: number;
  readonly offset: number;
  readonly endOffset: number;
  readonly records: number;
}

export interface Restoration {
  readonly local: LocalState;
  readonly reader: ChangelogReader;
  readonly group: string;
  readonly changelog: TopicPartition;
  /** The stores whose changes the changelog carries, and the partition of them; undefined for all. */
  readonly stores: readonly string[];
  readonly statePartition: number | undefined;
  readonly topicId: string;
  /** First offset held and the end that must be reached: the high watermark. */
  readonly start: number;
  readonly end: number;
  /** A tombstone is gone from the changelog so long after it was written. */
  readonly deleteRetentionMs: number;
  readonly clock: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Throws where nobody wants the partition any more. */
  readonly requireWanted: () => void;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly onRebuild?: (changelog: TopicPartition, because: string) => void;
}

/** Before a changelog is asked again whose last records are not readable yet. */
const RETRY_MS = 10;

/**
 * Brings the local state of one changelog partition up to its end: the tail behind the position, or everything where the position says
 * nothing certain. Each step is one local transaction with its position, so that a crash goes on where it was.
 */
export async function restore(restoration: Restoration): Promise<void> {
  const { local, group, changelog, topicId, end, requireWanted } = restoration;
  const before = local.position(changelog);
  const because = reasonToRebuild(restoration, before);
  if (because !== undefined) rebuild(restoration, before, because);
  let offset = local.position(changelog)!.offset;
  const fromOffset = offset;
  let records = 0;
  while (offset < end) {
    requireWanted();
    const { batches, nextOffset } = await restoration.reader.fetch(changelog, offset);
    requireWanted();
    if (nextOffset === offset) {
      await restoration.pause(RETRY_MS);
      continue;
    }
    const position = { ...local.position(changelog)!, offset: nextOffset };
    local.apply(group, [{ ...changelog, changes: changesIn(batches), fromOffset: offset, position }]);
    offset = nextOffset;
    records += batches.reduce((sum, { length }) => sum + length, 0);
    restoration.onProgress?.({ ...changelog, group, fromOffset, offset, endOffset: end, records });
  }
  local.setPosition(changelog, { topicId, offset, currentAt: restoration.clock(), isPartial: false });
}

/** Why what is here can't be continued; undefined where it can. */
function reasonToRebuild(restoration: Restoration, before: ChangelogPosition | undefined): string | undefined {
  const { topicId, start, end, deleteRetentionMs, clock } = restoration;
  if (before === undefined) return 'nothing is here yet';
  if (before.topicId !== topicId) return 'the changelog was made anew';
  if (before.offset > end) return `the changelog ends at ${end}, before ${before.offset}`;
  if (before.offset < start) return `the changelog begins at ${start}, behind ${before.offset}`;
  const ageMs = clock() - before.currentAt;
  if (ageMs > deleteRetentionMs / 2) return `it is ${Math.round(ageMs / 1000)} s old: tombstones may be gone`;
  return undefined;
}

function rebuild(restoration: Restoration, before: ChangelogPosition | undefined, because: string): void {
  const { local, group, changelog, topicId, start, clock, stores, statePartition } = restoration;
  const partial = { topicId, offset: start, currentAt: clock(), isPartial: true };
  if (before !== undefined) restoration.onRebuild?.(changelog, because);
  // The mark first: a crash among the deletions begins them again.
  local.setPosition(changelog, { ...partial, topicId: '' });
  local.drop(group, stores, statePartition);
  local.setPosition(changelog, partial);
}

/** The changes of some batches, by store and partition, in order. */
function changesIn(batches: readonly RecordBatch[]): readonly StateChanges[] {
  const changes = new Map<string, { store: string; partition: number; entries: [string, Uint8Array | null][] }>();
  for (const batch of batches) {
    for (let i = 0; i < batch.length; i++) {
      const { store, partition, key } = decodeChangelogKey(batch.keyAt(i));
      const name = `${partition} ${store}`;
      let change = changes.get(name);
      if (change === undefined) {
        change = { store, partition, entries: [] };
        changes.set(name, change);
      }
      change.entries.push([key, batch.valueAt(i)]);
    }
  }
  return [...changes.values()];
}
