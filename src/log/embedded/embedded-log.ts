import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import type { Environment } from '../../storage/environment.ts';
import type {
  CommittedState,
  GroupOffset,
  GroupReset,
  GroupStores,
  Log,
  Member,
  Membership,
  TopicConfig,
  Transaction,
  Watermarks,
} from '../log.ts';
import { type FetchRequest, type FetchResult, GroupMember, type MemberHost } from '../membership/group-member.ts';
import { nextOf, Signal, type StartTimer } from '../membership/signal.ts';
import { topicSetsOf } from '../membership/topic-sets.ts';
import type { NewRecord, RecordPosition, TopicPartition } from '../record.ts';
import type { RecordBatch } from '../record-batch.ts';
import { BATCH_BYTES_TARGET, BATCH_RECORDS_MAX } from '../record-buffer.ts';
import { StoreCatalog } from '../stores/store-catalog.ts';
import { StoredState } from '../stores/stored-state.ts';
import { BatchReader, outOfRange } from './batch-reader.ts';
import { APPEND_LINGER_MS, CommitQueue, QUEUED_BYTES_MAX, QUEUED_RECORDS_MAX, watermarksOf } from './commit-queue.ts';
import { type CommitStep, CommitWriter } from './commit-writer.ts';
import { Compaction } from './compaction.ts';
import { DroppedStores } from './dropped-stores.ts';
import { encodeOffset, GroupCatalog } from './group-catalog.ts';
import { type LogTables, openLogTables } from './log-tables.ts';
import { MAINTENANCE_INTERVAL_MS, Maintenance } from './maintenance.ts';
import type { PartitionLog } from './partition-log.ts';
import { Retention } from './retention.ts';
import { TopicCatalog } from './topic-catalog.ts';

export interface EmbeddedLogOptions {
  /** The log takes it over: `close` gives it up. */
  readonly directory: DataDirectory;
  readonly clock: Clock;
  /** How long appends wait for others at most (5). */
  readonly appendLingerMs?: number;
  /** What may wait for a commit before appends are refused (64 MiB, 1,000,000 records). */
  readonly queuedBytesMax?: number;
  readonly queuedRecordsMax?: number;
  /** How often retention and compaction look for work (1,000); 0 for never, then call `maintain`. */
  readonly maintenanceIntervalMs?: number;
  /** A compacted partition is rewritten when so many records were added (1,000) and so long after the last time (60,000). */
  readonly compactionDirtyRecordsMin?: number;
  readonly compactionIntervalMs?: number;
  /** Called at the steps of a commit, for chaos tests. */
  readonly onStep?: (step: CommitStep) => void;
  /** Told what retention and compaction ran into; a full disk is not told, they just try again. */
  readonly onMaintenanceError?: (error: HeadraceError) => void;
}

const TIMER_MAX_MS = 2 ** 31 - 1;

const startTimer: StartTimer = (delayMs, action) => {
  const timer = setTimeout(action, Math.min(delayMs, TIMER_MAX_MS));
  return () => clearTimeout(timer);
};

/** The log in one LMDB environment, for one process (design D5). */
export class EmbeddedLog implements Log {
  readonly #directory: DataDirectory;
  readonly #environment: Environment;
  readonly #tables: LogTables;
  readonly #topics: TopicCatalog;
  readonly #groups: GroupCatalog;
  readonly #stores: StoreCatalog;
  readonly #reader: BatchReader;
  readonly #queue: CommitQueue;
  readonly #maintenance: Maintenance;
  readonly #committed = new Signal();
  readonly #host: MemberHost;
  #isOpen = true;

  /** Reads what the directory holds. Throws STORAGE_FULL, STORAGE_FAILED. */
  constructor(options: EmbeddedLogOptions) {
    this.#directory = options.directory;
    this.#environment = options.directory.environment;
    this.#tables = openLogTables(this.#environment);
    this.#topics = new TopicCatalog(this.#environment, this.#tables);
    this.#groups = new GroupCatalog(this.#environment, this.#tables, this.#topics);
    this.#stores = new StoreCatalog(this.#tables);
    this.#reader = new BatchReader(this.#tables.batches);
    const retention = new Retention(this.#environment, this.#tables, this.#groups, this.#reader);
    const compaction = new Compaction(this.#environment, this.#tables, this.#groups, this.#reader, {
      dirtyRecordsMin: options.compactionDirtyRecordsMin ?? 1_000,
      intervalMs: options.compactionIntervalMs ?? 60_000,
    });
    const dropped = new DroppedStores(this.#environment, this.#tables, this.#stores);
    this.#maintenance = new Maintenance(this.#topics, [retention, compaction], dropped, {
      clock: options.clock,
      intervalMs: options.maintenanceIntervalMs ?? MAINTENANCE_INTERVAL_MS,
      onError: options.onMaintenanceError ?? ((error) => process.emitWarning(error)),
    });
    const onStep = options.onStep ?? (() => {});
    const writer = new CommitWriter(this.#environment, this.#tables, this.#topics, this.#stores, onStep);
    this.#queue = new CommitQueue(writer, this.#topics, this.#groups, {
      clock: options.clock,
      appendLingerMs: options.appendLingerMs ?? APPEND_LINGER_MS,
      queuedBytesMax: options.queuedBytesMax ?? QUEUED_BYTES_MAX,
      queuedRecordsMax: options.queuedRecordsMax ?? QUEUED_RECORDS_MAX,
      onStep,
      requireRoom: (partition, queuedBytes) => requireRoom(retention, partition, queuedBytes),
      onCommitted: () => this.#committed.notify(),
    });
    this.#host = this.#memberHost();
  }

  async createTopics(topics: readonly TopicConfig[]): Promise<void> {
    this.#requireOpen();
    this.#topics.create(topics);
  }

  async topics(): Promise<readonly TopicConfig[]> {
    this.#requireOpen();
    return this.#topics.all().map(({ config }) => config);
  }

  async watermarks(topic: string): Promise<readonly Watermarks[]> {
    this.#requireOpen();
    return this.#topics.topic(topic).partitions.map(watermarksOf);
  }

  async append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    this.#requireOpen();
    return records.length === 0 ? [] : this.#queue.append(records);
  }

  async read(topic: string, partition: number, fromOffset: number): Promise<RecordBatch | null> {
    this.#requireOpen();
    const fetched = this.#reader.fetch(this.#topics.partition(topic, partition), {
      topic,
      partition,
      epoch: 0,
      fromOffset,
      isBatchStart: false,
      maxRecords: BATCH_RECORDS_MAX,
      maxBytes: BATCH_BYTES_TARGET,
    });
    return fetched.batches[0] ?? null;
  }

  async awaitCommit(timeoutMs: number): Promise<void> {
    this.#requireOpen();
    await nextOf([this.#committed], timeoutMs, startTimer);
  }

  async committedOffsets(group: string): Promise<readonly GroupOffset[]> {
    this.#requireOpen();
    return this.#groups.committed(group);
  }

  async groups(): Promise<readonly string[]> {
    this.#requireOpen();
    return this.#groups.names();
  }

  async resetGroup(group: string, { offsets, dropsState }: GroupReset): Promise<void> {
    this.#requireOpen();
    if ((this.#groups.get(group)?.members.memberCount ?? 0) > 0) {
      throw new HeadraceError('COMMIT_REFUSED', `Group ${group} has members; stop them before it is reset`);
    }
    const resets = offsets.map(({ topic, partition, offset }) => {
      const log = this.#topics.partition(topic, partition);
      if (!Number.isSafeInteger(offset) || offset < log.row.start || offset > log.row.end)
        throw outOfRange(log, offset);
      return { partitionId: log.id, offset };
    });
    const { id: groupId, offsets: committed } = this.#groups.ensure(group);
    this.#environment.transaction(() => {
      for (const { partitionId, offset } of resets) {
        this.#tables.offsets.put({ groupId, partitionId }, encodeOffset(offset));
      }
      if (dropsState) this.#stores.drop(group);
    });
    if (dropsState) this.#stores.noteDropped(group);
    for (const { partitionId, offset } of resets) committed.set(partitionId, offset);
    this.#committed.notify();
  }

  async join(membership: Membership): Promise<Member> {
    this.#requireOpen();
    const sets = topicSetsOf(membership, (topic) => this.#topics.topic(topic).config.partitions);
    const group = this.#groups.ensure(membership.group);
    const member = new GroupMember(this.#host, membership.group, membership.member, sets);
    group.members.join(member);
    return member;
  }

  state(group: string): CommittedState {
    this.#requireOpen();
    return new StoredState(group, this.#stores, this.#tables.state, () => this.#requireOpen());
  }

  async readState<T>({ group }: GroupStores, reader: (state: CommittedState) => T): Promise<T> {
    return reader(this.state(group));
  }

  /**
   * One bounded step of retention and compaction for every partition; a timer calls it. Returns whether there is more to
   * do. Throws STORAGE_FULL, STORAGE_FAILED, LOG_CORRUPT.
   */
  maintain(): boolean {
    this.#requireOpen();
    return this.#maintenance.step();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#maintenance.stop();
    const closed = closedError();
    this.#queue.close(closed);
    this.#committed.fail(closed);
    await this.#directory.close();
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw closedError();
  }

  #memberHost(): MemberHost {
    const logOf = ({ topic, partition }: TopicPartition) => this.#topics.partition(topic, partition);
    return {
      committed: this.#committed,
      startTimer,
      requireOpen: () => this.#requireOpen(),
      watermarksOf: (partition) => watermarksOf(logOf(partition)),
      committedOffset: (group, partition) => this.#groups.get(group)?.offsets.get(logOf(partition).id),
      fetch: (request: FetchRequest): FetchResult => this.#reader.fetch(logOf(request), request),
      submit: (member: GroupMember, transaction: Transaction) => this.#queue.commit(member, transaction),
      left: (member) => this.#groups.get(member.group)?.members.leave(member),
      state: (group) => this.state(group),
    };
  }
}

function requireRoom(retention: Retention, partition: PartitionLog, queuedBytes: number): void {
  if (retention.hasRoom(partition, queuedBytes)) return;
  throw new HeadraceError(
    'LOG_BACKPRESSURE',
    `${partition.topic}-${partition.partition} is at its limit of ${partition.config.retentionBytes} bytes, and a group still needs its oldest records`,
    { retriable: true, where: { topic: partition.topic, partition: partition.partition } },
  );
}

function closedError(): HeadraceError {
  return new HeadraceError('LOG_CLOSED', 'The log is closed');
}
