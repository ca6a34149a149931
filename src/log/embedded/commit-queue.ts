import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { Transaction, Watermarks } from '../log.ts';
import type { GroupMember } from '../membership/group-member.ts';
import type { NewRecord, RecordPosition, TopicPartition } from '../record.ts';
import { checkOffsets, checkStateChanges } from '../transaction-rules.ts';
import type { CommitPart, CommitStep, CommitWriter } from './commit-writer.ts';
import type { GroupCatalog } from './group-catalog.ts';
import type { PartitionLog } from './partition-log.ts';
import { PendingAppends } from './pending-appends.ts';
import type { TopicCatalog } from './topic-catalog.ts';

/** Appends wait at most this long for others, so that they share a sync. Commits of members never wait. */
export const APPEND_LINGER_MS = 5;
/** What may wait in the queue before appends are refused. */
export const QUEUED_BYTES_MAX = 64 * 1024 * 1024;
export const QUEUED_RECORDS_MAX = 1_000_000;
/** Appended bytes that make a commit start without further wait. */
const EAGER_BYTES = 4 * 1024 * 1024;

export interface CommitQueueOptions {
  readonly clock: Clock;
  readonly appendLingerMs: number;
  readonly queuedBytesMax: number;
  readonly queuedRecordsMax: number;
  readonly onStep: (step: CommitStep) => void;
  /** Throws LOG_BACKPRESSURE where the partition is at its size limit. */
  readonly requireRoom: (partition: PartitionLog, queuedBytes: number) => void;
  readonly onCommitted: () => void;
}

interface QueuedCommit {
  readonly member: GroupMember;
  readonly transaction: Transaction;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers appends and commits into group commits: one transaction, one sync, then all of them are answered. */
export class CommitQueue {
  readonly #writer: CommitWriter;
  readonly #topics: TopicCatalog;
  readonly #groups: GroupCatalog;
  readonly #options: CommitQueueOptions;
  readonly #appends: PendingAppends;
  #commits: QueuedCommit[] = [];
  #lingerTimer: NodeJS.Timeout | undefined;
  #nextTurn: NodeJS.Immediate | undefined;

  constructor(writer: CommitWriter, topics: TopicCatalog, groups: GroupCatalog, options: CommitQueueOptions) {
    this.#writer = writer;
    this.#topics = topics;
    this.#groups = groups;
    this.#options = options;
    this.#appends = new PendingAppends(topics);
  }

  append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    const partitions = this.#appends.partitionsOf(records);
    this.#requireRoom(new Set(partitions));
    const appended = this.#appends.add(records, partitions);
    this.#options.onStep('append-queued');
    if (this.#appends.byteLength >= EAGER_BYTES) this.#flushNextTurn();
    else this.#lingerTimer ??= setTimeout(() => this.#flush(), this.#options.appendLingerMs);
    return appended;
  }

  commit(member: GroupMember, transaction: Transaction): Promise<void> {
    const checked = { ...transaction, stateChanges: checkStateChanges(transaction.stateChanges) };
    return new Promise((resolve, reject) => {
      this.#commits.push({ member, transaction: checked, resolve, reject });
      this.#flushNextTurn();
    });
  }

  /** Refuses what is queued. A commit is one synchronous call, so none is under way. */
  close(error: HeadraceError): void {
    clearTimeout(this.#lingerTimer);
    clearImmediate(this.#nextTurn);
    for (const { reject } of this.#commits.splice(0)) reject(error);
    this.#appends.reject(error);
  }

  #requireRoom(partitions: ReadonlySet<PartitionLog>): void {
    const { queuedBytesMax, queuedRecordsMax, requireRoom } = this.#options;
    if (this.#appends.recordCount >= queuedRecordsMax || this.#appends.byteLength >= queuedBytesMax) {
      throw new HeadraceError(
        'LOG_BACKPRESSURE',
        `${this.#appends.recordCount} records of ${this.#appends.byteLength} bytes wait for the disk already; try again shortly`,
        { retriable: true },
      );
    }
    for (const partition of partitions) requireRoom(partition, this.#appends.bytesFor(partition));
  }

  #flushNextTurn(): void {
    this.#nextTurn ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearTimeout(this.#lingerTimer);
    clearImmediate(this.#nextTurn);
    this.#lingerTimer = undefined;
    this.#nextTurn = undefined;
    const commits: QueuedCommit[] = [];
    const parts: CommitPart[] = [];
    for (const commit of this.#commits.splice(0)) {
      try {
        parts.push(this.#partOf(commit));
        commits.push(commit);
      } catch (error) {
        commit.reject(error);
      }
    }
    const appended = this.#appends.buffers();
    if (parts.length === 0 && this.#appends.isEmpty) return;
    if (appended.length > 0) parts.push({ records: appended });
    let bases: readonly (readonly number[])[];
    try {
      bases = this.#writer.write(parts, this.#options.clock());
    } catch (error) {
      this.#appends.reject(error);
      for (const { reject } of commits) reject(error);
      return;
    }
    const appendBases = appended.length > 0 ? bases.at(-1)! : [];
    this.#appends.resolve(new Map(appended.map(({ partition }, i) => [partition, appendBases[i]!])));
    for (const { resolve } of commits) resolve();
    this.#options.onCommitted();
  }

  /** Throws MEMBER_FENCED, COMMIT_REFUSED, TOPIC_UNKNOWN, PARTITION_UNKNOWN before anything is written. */
  #partOf({ member, transaction }: QueuedCommit): CommitPart {
    const { epoch, records, offsets, stateChanges } = transaction;
    member.requireEpoch(epoch);
    checkOffsets(
      offsets,
      (partition) => member.isAssigned(partition),
      (partition) => watermarksOf(this.#topics.partition(partition.topic, partition.partition)),
    );
    return {
      records: records.map(({ topic, partition, buffer }) => ({
        partition: this.#topics.partition(topic, partition),
        buffer,
      })),
      group: this.#groups.ensure(member.group),
      offsets,
      stateChanges,
    };
  }
}

export function watermarksOf({ topic, partition, row }: PartitionLog): Watermarks & TopicPartition {
  return { topic, partition, start: row.start, end: row.end };
}
