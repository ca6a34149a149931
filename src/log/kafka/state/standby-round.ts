import { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Topics } from '../cluster/topics.ts';
import type { LogReader } from '../fetch/log-reader.ts';
import type { ChangelogRestorer } from './changelog-restorer.ts';
import type { Changelogs } from './changelogs.ts';
import type { ChangelogPosition, ChangelogTail, LocalState } from './local-state.ts';
import { lastReset, reasonToRebuild } from './restore.ts';
import type { RestoreProgress } from './restore-progress.ts';
import { SortedRecords } from './sorted-records.ts';

/** A changelog's partition of which a copy is kept, with the stores in it. */
export interface StandbyChangelog extends TopicPartition {
  readonly key: string;
  readonly stores: readonly string[];
}

export interface StandbyRoundOptions {
  readonly cluster: Cluster;
  readonly topics: Topics;
  readonly reader: LogReader;
  readonly local: LocalState;
  readonly group: string;
  readonly restorer: ChangelogRestorer;
  readonly changelogs: Changelogs;
  readonly onRestore?: (progress: RestoreProgress) => void;
  /** Whether the copy is still to be kept, and now. */
  readonly isWanted: (changelog: StandbyChangelog) => boolean;
  /** The others are gone on with. */
  readonly onFailed: (changelog: StandbyChangelog, error: unknown) => void;
  readonly onRead: (changelog: StandbyChangelog) => void;
}

/** What lies further ahead is read in the steps of a restore, which sort more at a time. */
const TAIL_OFFSETS_MAX = 100_000;
/** Of one read, and of what goes into one local transaction: some ten thousand small records, a few hundredths of a second. */
const TAIL_BYTES = 1024 * 1024;
const STEP_BYTES = 32 * 1024 * 1024;
const STEP_TRANSACTION_RECORDS = 10_000;
/** That a copy is current is noted so often within the time for which tombstones stay, also where nothing is written. */
const NOTES_PER_DELETE_RETENTION = 16;

/** A changelog as the brokers tell of it. */
interface Known {
  readonly topicId: string;
  readonly start: number;
  /** The last stable offset, and the high watermark. */
  readonly end: number;
  readonly highWatermark: number;
  readonly deleteRetentionMs: number;
  readonly askedAt: number;
}

/** One look at all changelogs of which copies are kept: each is brought nearer to what is readable of it now. */
export class StandbyRound {
  readonly #options: StandbyRoundOptions;
  readonly #tails: {
    readonly changelog: StandbyChangelog;
    readonly tail: ChangelogTail;
    readonly progress: RestoreProgress | undefined;
  }[] = [];
  #tailBytes = 0;
  #isBehind = false;

  constructor(options: StandbyRoundOptions) {
    this.#options = options;
  }

  /** Returns whether more is readable than it read. Rejects where that is not to be found out, or the disk refuses. */
  async read(changelogs: readonly StandbyChangelog[]): Promise<boolean> {
    const { cluster, topics, reader, isWanted, onFailed, onRead } = this.#options;
    if (changelogs.length === 0) return false;
    const askedAt = cluster.timing.clock();
    const [watermarks, stable] = await Promise.all([
      reader.watermarks(changelogs),
      reader.lastStableOffsets(changelogs),
    ]);
    for (const [i, changelog] of changelogs.entries()) {
      try {
        const { id: topicId } = await cluster.topic(changelog.topic);
        const deleteRetentionMs = await topics.deleteRetentionMs(changelog.topic);
        if (!isWanted(changelog)) continue;
        const { start, end: highWatermark } = watermarks[i]!;
        await this.#readOne(changelog, { topicId, start, end: stable[i]!, highWatermark, deleteRetentionMs, askedAt });
        onRead(changelog);
      } catch (error) {
        onFailed(changelog, error);
      }
      if (this.#tailBytes >= TAIL_BYTES) this.#applyTails();
    }
    this.#applyTails();
    return this.#isBehind;
  }

  async #readOne(changelog: StandbyChangelog, known: Known): Promise<void> {
    const { local, cluster } = this.#options;
    // Another member of this process has it for its own.
    if (!local.holders.isFree(changelog)) return;
    const position = local.position(changelog);
    const reason = reasonToRebuild({ ...known, clock: cluster.timing.clock }, position);
    if (position === undefined || reason !== undefined || known.end - position.offset > TAIL_OFFSETS_MAX) {
      return this.#step(changelog, known);
    }
    if (position.offset > known.highWatermark) return this.#step(changelog, known);
    if (position.offset < known.end) return this.#readTail(changelog, known, position);
    const noteAfterMs = known.deleteRetentionMs / NOTES_PER_DELETE_RETENTION;
    if (known.askedAt - position.currentAt > noteAfterMs)
      this.#addTail(changelog, known, position, [], position.offset);
  }

  async #readTail(changelog: StandbyChangelog, known: Known, position: ChangelogPosition): Promise<void> {
    const { reader, cluster, isWanted } = this.#options;
    const { topic, partition } = changelog;
    const { batches, nextOffset } = await reader.readAhead(topic, partition, position.offset, TAIL_BYTES);
    // The topic is looked up anew where that has to be: what came is of another one then.
    if (!isWanted(changelog) || cluster.known(topic)?.id !== known.topicId || nextOffset === position.offset) return;
    if (lastReset(batches) !== undefined) return this.#step(changelog, known);
    this.#addTail(changelog, known, position, batches, nextOffset);
  }

  #addTail(
    changelog: StandbyChangelog,
    { topicId, end, askedAt }: Known,
    before: ChangelogPosition,
    batches: Parameters<typeof lastReset>[0],
    offset: number,
  ): void {
    const { group } = this.#options;
    const { topic, partition } = changelog;
    const isAtEnd = offset >= end;
    if (!isAtEnd) this.#isBehind = true;
    const bytes = batches.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#tailBytes += bytes;
    const records = new SortedRecords(batches, before.offset);
    const current = isAtEnd ? { currentAt: askedAt, isPartial: false } : {};
    const counts = { fromOffset: before.offset, offset, endOffset: end, records: records.length, bytes };
    this.#tails.push({
      changelog,
      tail: { topic, partition, before, records, position: { ...before, topicId, offset, ...current } },
      progress:
        batches.length === 0 ? undefined : { topic, partition, group, kind: 'standby', isOver: isAtEnd, ...counts },
    });
  }

  #applyTails(): void {
    const { local, group, isWanted, onRestore } = this.#options;
    const tails = this.#tails.splice(0).filter(({ changelog }) => isWanted(changelog));
    this.#tailBytes = 0;
    if (tails.length === 0) return;
    local.applyTails(
      group,
      tails.map(({ tail }) => tail),
    );
    for (const { progress } of tails) if (progress !== undefined) onRestore?.(progress);
  }

  /** One step of an ordinary restore. */
  async #step(changelog: StandbyChangelog, { start, end }: Known): Promise<void> {
    const { restorer, local, group, changelogs, isWanted } = this.#options;
    const { topic, partition, stores } = changelog;
    await restorer.restore({
      kind: 'standby',
      changelog: { topic, partition },
      stores: changelogs.storesWith(stores, local.storesIn(group, topic)),
      statePartition: partition,
      start,
      end,
      stepBytes: STEP_BYTES,
      transactionRecords: STEP_TRANSACTION_RECORDS,
      requireWanted: () => {
        if (!isWanted(changelog))
          throw new HeadraceError('MEMBER_FENCED', 'The copy is not kept any more, or has to wait');
      },
    });
    if ((local.position(changelog)?.offset ?? end) < end) this.#isBehind = true;
  }
}
