import { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import type { RecordBatch } from '../../record-batch.ts';
import type { Holder } from './changelog-holders.ts';
import { isResetMark } from './changelog-record.ts';
import type { ChangelogPosition, LocalState } from './local-state.ts';
import { Progress, type RestoreKind, type RestoreProgress } from './restore-progress.ts';
import { SortedRecords } from './sorted-records.ts';

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
  /** Where it ends now (the high watermark). */
  endOf(changelog: TopicPartition): Promise<number>;
}

export interface Restoration {
  readonly kind: RestoreKind;
  readonly local: LocalState;
  readonly reader: ChangelogReader;
  readonly group: string;
  readonly changelog: TopicPartition;
  /** The stores whose changes the changelog carries, and the partition of them; undefined for all. */
  readonly stores: readonly string[];
  readonly statePartition: number | undefined;
  readonly topicId: string;
  /** First offset held and the end to be reached: for an owner the high watermark, for a standby the last stable offset. */
  readonly start: number;
  readonly end: number;
  /** Before which position an owner's commits are applied by itself: holds the changelog when the restore is at its end. */
  readonly holder?: Holder | undefined;
  /** A tombstone is gone from the changelog so long after it was written. */
  readonly deleteRetentionMs: number;
  readonly clock: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Throws where nobody wants the partition any more. */
  readonly requireWanted: () => void;
  readonly stepBytes?: number;
  readonly transactionRecords?: number;
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly onRebuild?: (changelog: TopicPartition, because: string) => void;
}

/** Before a changelog is asked again whose last records are not readable yet: doubled each time up to the greatest. */
const RETRY_MS = 10;
const RETRY_MAX_MS = 200;

/** What is read and sorted before it is applied, and so held in memory: a greater step writes fewer pages. */
const STEP_BYTES = 128 * 1024 * 1024;
/** Records of a step in one local transaction: about a tenth of a second in which nothing else runs. */
const TRANSACTION_RECORDS = 100_000;

/**
 * Brings the local state of one changelog partition up to its end: the tail behind the position, or everything where the position says
 * nothing certain. The position moves in the last local transaction of each step: a crash before it repeats the step, and records that are
 * applied again, in the order of their offsets for each key, end in the same. For a standby it is one step at most, to what is readable now; nothing where
 * somebody holds the changelog.
 */
export function restore(restoration: Restoration): Promise<void> {
  return restoration.local.holders.exclusively(restoration.changelog, () => restoreNow(restoration));
}

async function restoreNow(restoration: Restoration): Promise<void> {
  if (!(await isFree(restoration))) return;
  const { kind, local, changelog, topicId, end, clock, holder } = restoration;
  const before = local.position(changelog);
  if (before?.topicId === topicId && before.offset > end) await requireEnd(restoration, before.offset);
  const because = reasonToRebuild(restoration, before);
  if (because !== undefined) {
    if (before !== undefined) restoration.onRebuild?.(changelog, because);
    await rebuild(restoration, restoration.start);
  }
  let { offset } = local.position(changelog)!;
  const progress = new Progress(restoration, offset);
  try {
    while (offset < end) {
      const { batches, nextOffset } = await readStep(restoration, offset);
      if (nextOffset === offset) break;
      const mark = lastReset(batches);
      // What stands before the mark is gone: it is enough to forget what is here and go on behind it.
      if (mark !== undefined) await rebuild(restoration, mark);
      const position = { ...local.position(changelog)!, offset: nextOffset };
      await apply(restoration, new SortedRecords(batches, mark ?? offset), position);
      offset = nextOffset;
      progress.add(batches, offset);
      if (kind === 'standby') break;
    }
  } catch (error) {
    progress.giveUp();
    throw error;
  }
  if (offset < end) return;
  local.setPosition(changelog, { topicId, offset, currentAt: clock(), isPartial: false });
  if (holder !== undefined) local.holders.hold(changelog, holder);
}

/** Whether nobody else in this process holds the changelog; an owner waits until that is so. */
async function isFree({ kind, local, changelog, holder, pause, requireWanted }: Restoration): Promise<boolean> {
  for (;;) {
    requireWanted();
    const other = local.holders.holderOf(changelog);
    if (other === undefined || other === holder) return true;
    if (kind === 'standby') return false;
    await pause(RETRY_MS);
  }
}

async function apply(restoration: Restoration, records: SortedRecords, position: ChangelogPosition): Promise<void> {
  const { local, group, statePartition, pause, requireWanted, transactionRecords = TRANSACTION_RECORDS } = restoration;
  const changelog = { ...restoration.changelog, isOfSource: statePartition !== undefined };
  let from = 0;
  for (; records.length - from > transactionRecords; from += transactionRecords) {
    local.applyRecords(group, records, { from, to: from + transactionRecords }, changelog);
    await pause(0);
    requireWanted();
  }
  local.applyRecords(group, records, { from, to: records.length }, changelog, position);
}

interface Step {
  readonly batches: readonly RecordBatch[];
  readonly nextOffset: number;
}

/** Reads on until there is enough for a step, or the end is reached, or no more is readable now; waits where nothing is, but for a standby. */
async function readStep(restoration: Restoration, from: number): Promise<Step> {
  const { kind, reader, changelog, end, pause, requireWanted, stepBytes = STEP_BYTES } = restoration;
  const all: RecordBatch[] = [];
  let [offset, bytes, retryMs] = [from, 0, RETRY_MS];
  while (offset < end && bytes < stepBytes) {
    requireWanted();
    const { batches, nextOffset } = await reader.fetch(changelog, offset);
    requireWanted();
    if (nextOffset === offset) {
      if (offset > from || kind === 'standby') break;
      // A transaction is open before the end: its owner ends it, or the coordinator does when its time is over.
      await pause(retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    }
    for (const batch of batches) {
      all.push(batch);
      bytes += batch.byteLength;
    }
    offset = nextOffset;
  }
  return { batches: all, nextOffset: offset };
}

/** Why what is here can't be continued; undefined where it can. */
export function reasonToRebuild(
  restoration: Pick<Restoration, 'topicId' | 'start' | 'end' | 'deleteRetentionMs' | 'clock'>,
  before: ChangelogPosition | undefined,
): string | undefined {
  const { topicId, start, end, deleteRetentionMs, clock } = restoration;
  if (before === undefined) return 'nothing is here yet';
  if (before.topicId !== topicId) return 'the changelog was made anew';
  if (before.offset < start) return `the changelog begins at ${start}, behind ${before.offset}`;
  // One offset behind the position is the marker of the transaction before it. Where nothing was written no tombstone can be gone.
  if (end - before.offset <= 1) return undefined;
  const ageMs = clock() - before.currentAt;
  if (ageMs > deleteRetentionMs / 2) return `it is ${Math.round(ageMs / 1000)} s old: tombstones may be gone`;
  return undefined;
}

/**
 * The position may have moved on since the end was asked for. Throws STATE_MISMATCH where it really lies beyond: brokers lose what they
 * acknowledged where one becomes leader that has not all of it.
 */
async function requireEnd({ group, changelog, reader }: Restoration, position: number): Promise<void> {
  const end = await reader.endOf(changelog);
  if (end >= position) return;
  const { topic, partition } = changelog;
  throw new HeadraceError(
    'STATE_MISMATCH',
    `The changelog ${topic}-${partition} ends at ${end}, and ${group} has committed to it up to ${position}: the brokers have lost committed records (check for an unclean leader election, and other topics as well). Begin anew from the records: headrace reset ${group} --to-earliest`,
    { where: { topic, partition, offset: position } },
  );
}

/** Forgets what is here, to go on at an offset with nothing. */
async function rebuild(restoration: Restoration, offset: number): Promise<void> {
  const { local, group, changelog, topicId, clock, stores, statePartition, pause, requireWanted } = restoration;
  const partial = { topicId, offset, currentAt: clock(), isPartial: true };
  // The mark first: a crash among the deletions begins them again.
  local.setPosition(changelog, { ...partial, topicId: '' });
  // Millions of rows take seconds, and heartbeats must go out meanwhile.
  while (local.dropStep(group, stores, statePartition)) {
    await pause(0);
    requireWanted();
  }
  local.setPosition(changelog, partial);
}

/** Where the last mark of a reset stands, if there is one. */
export function lastReset(batches: readonly RecordBatch[]): number | undefined {
  for (const batch of [...batches].reverse()) {
    for (let i = batch.length - 1; i >= 0; i--) if (isResetMark(batch.keyAt(i))) return batch.offsetAt(i);
  }
  return undefined;
}
