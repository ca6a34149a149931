import type { NewRecord, RecordPosition, TopicPartition } from './record.ts';
import type { RecordBatch } from './record-batch.ts';
import type { RecordBuffer } from './record-buffer.ts';

/**
 * The port between the engine and what keeps the records. A log is a set of topics of ordered partitions, groups whose
 * members share partitions, and one atomic commit (design D4). Adapters: embedded/ (LMDB), simulated/ (memory, faults
 * from a seed), later kafka/. Every adapter passes test/conformance/.
 */
export interface Log {
  /** Tells this process, over restarts, from others that work on the same log; undefined where there are none. */
  readonly instance?: string;
  /**
   * Creates the topics that are missing, in one durable step. Throws TOPIC_MISMATCH where one exists with another
   * number of partitions or another cleanup, TOPIC_INVALID for a bad name or number.
   */
  createTopics(topics: readonly TopicConfig[]): Promise<void>;
  topics(): Promise<readonly TopicConfig[]>;
  /** The first offset held and the offset after the last, of every partition. Throws TOPIC_UNKNOWN. */
  watermarks(topic: string): Promise<readonly Watermarks[]>;
  /**
   * Appends records outside of any member, as producers do. They queue into the next commit; the promise resolves after
   * that commit is on disk, with the position of each. All or none of one call. Throws TOPIC_UNKNOWN,
   * PARTITION_UNKNOWN, RECORD_TOO_LARGE, LOG_BACKPRESSURE (retriable: the queue is full, or the topic is at its size limit and a
   * group still needs what would have to go).
   */
  append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]>;
  /**
   * Committed records from `fromOffset` on, or null at the end. Throws OFFSET_OUT_OF_RANGE below the first offset held
   * or beyond the end, LOG_CORRUPT where a checksum differs.
   */
  read(topic: string, partition: number, fromOffset: number): Promise<RecordBatch | null>;
  /** Resolves when something was committed after this call, or after `timeoutMs`. */
  awaitCommit(timeoutMs: number): Promise<void>;
  /** What the group has committed, for each partition that it ever committed. */
  committedOffsets(group: string): Promise<readonly GroupOffset[]>;
  /** All groups that ever committed or joined. */
  groups(): Promise<readonly string[]>;
  /**
   * Sets offsets of a group that has no members and, with `dropsState`, empties all of its stores: in one durable step, all of
   * it or nothing. Throws COMMIT_REFUSED where the group has members, OFFSET_OUT_OF_RANGE, TOPIC_UNKNOWN, PARTITION_UNKNOWN.
   */
  resetGroup(group: string, reset: GroupReset): Promise<void>;
  /** Joins a group. The member gets its partitions with its first poll. */
  join(membership: Membership): Promise<Member>;
  /** Committed state of a group's stores, for interactive queries; reads never see a commit in part. */
  state(group: string): CommittedState;
  /**
   * Runs a synchronous reader against the committed state of a group, also where parts of it are in other processes; resolves with its result. The reader may
   * be run several times, so it does nothing but read and return. Partition p of all stores that hang on one source is read as of one commit, several partitions not as of
   * one moment. Nothing is left out without a word: throws STATE_UNAVAILABLE (retriable) where the owner of a partition does not answer, and what the reader throws.
   */
  readState<T>(stores: GroupStores, reader: (state: CommittedState) => T): Promise<T>;
  /**
   * The answer to a question that the same adapter in another process asks in its `readState`, and that came here by whatever carries it. Only adapters have it whose
   * state is spread over processes. Throws INPUT_INVALID for what is no question.
   */
  answerState?(question: Uint8Array): Promise<Uint8Array>;
  /**
   * Brings what belongs to a group as a whole (see {@link Membership.changelogs}) up to date in {@link state}, without joining: to be awaited
   * before it is read there. `member` is the name under which the caller is going to join: what a process of that name left open when it was
   * killed is ended first, for the state waits for it. Only adapters have it whose state is not all at hand from the beginning.
   */
  loadGroupState?(group: string, member?: string): Promise<void>;
  /** Members that other processes have in these groups, by name. Only adapters have it to which other processes can join. */
  membersElsewhere?(groups: readonly string[]): Promise<readonly string[]>;
  /**
   * Takes out of a group what members (as the group knows them: INSTANCE.MEMBER) left behind whose processes are gone and do not come back
   * under their names; a member that works is fenced by it. Only adapters over several processes have it.
   */
  retire?(group: string, members: readonly string[]): Promise<void>;
  /**
   * Says that records before these offsets are needed by nobody any more, as DeleteRecords does (KIP-204). What is gone already is none to
   * be told of. Only adapters have it that keep the records of topics with `isPurged` until then; with the others retention never passes
   * what a group still needs. Throws KAFKA_UNAVAILABLE (retriable), KAFKA_REFUSED where the right to delete is missing.
   */
  purge?(offsets: readonly GroupOffset[]): Promise<void>;
  /** Waits for the running commit, refuses what is queued (LOG_CLOSED), releases the files. */
  close(): Promise<void>;
}

/** A topic as it is created, and as the log tells of it. */
export interface TopicConfig {
  readonly name: string;
  readonly partitions: number;
  /** `compact` keeps at least the last record of every key, below the slowest group; tombstones go after a day. */
  readonly cleanup: 'delete' | 'compact';
  /** Milliseconds from intake (design D7), on Kafka from the records' timestamps, needed or not; -1 keeps forever. */
  readonly retentionMs: number;
  /** Bytes per partition; -1 for no limit. */
  readonly retentionBytes: number;
  /**
   * Asked for of topics whose records are needed until their one group has committed behind them: a log with `Log.purge` keeps them
   * until then, whatever `retentionMs` says, also in a topic that exists.
   */
  readonly isPurged?: boolean;
  /** Told by `Log.topics` of a topic that takes records of less than 16 MiB only; creating does not heed it. */
  readonly recordBytesMax?: number;
}

export interface Watermarks extends TopicPartition {
  readonly start: number;
  readonly end: number;
}

export interface GroupOffset extends TopicPartition {
  /** The next offset to be read. */
  readonly offset: number;
}

export interface GroupReset {
  /** Partitions that are not named keep theirs. */
  readonly offsets: readonly GroupOffset[];
  readonly dropsState: boolean;
}

export interface Membership {
  readonly group: string;
  /** Names this member over restarts; a second join under the same name fences the first. */
  readonly member: string;
  /**
   * Sets of co-partitioned topics, one for each sub-topology: partition p of all topics of a set goes to one member.
   * Topics of one set must have equally many partitions (TOPIC_MISMATCH), and a topic stands in one set only.
   */
  readonly topicSets: readonly (readonly string[])[];
  /**
   * Whether all partitions go to one member, however many there are; the others wait for it to leave. For groups whose own state has one
   * writer. Members of one name exclude each other in any case.
   */
  readonly isExclusive?: boolean;
  /**
   * What the member runs, as a text that is equal for equal topologies. Members of a group may differ in it during a rolling restart; an adapter over
   * several processes tells its `onFault` of it, for two applications under one name look the same.
   */
  readonly topologyId?: string;
  /**
   * Where state hangs: for each source topic the stores of which partition p is written by whoever owns partition p of that topic; a store stands
   * under one topic only. An adapter that keeps state in topics has one changelog for each of these, and has brought partition p of
   * these stores up to date before a poll assigns partition p of the topic. Stores that stand nowhere belong to the group as a
   * whole: they are up to date with the first assignment, or after {@link Log.loadGroupState}.
   */
  readonly changelogs?: readonly ChangelogStores[];
}

/** Whose state is read, and where it hangs. */
export interface GroupStores {
  readonly group: string;
  /** As in {@link Membership}: a store that stands nowhere belongs to the group as a whole. */
  readonly changelogs?: readonly ChangelogStores[];
}

export interface ChangelogStores {
  readonly source: string;
  readonly stores: readonly string[];
}

/**
 * A member of a group. One caller at a time: poll, process, commit, poll ... A member that left, was fenced or whose
 * log closed throws MEMBER_FENCED or LOG_CLOSED.
 */
export interface Member {
  /**
   * Returns fetched batches, at most about `maxRecords` records in all and each of one partition, in offset order per
   * partition; waits up to `timeoutMs` where there is nothing. The fetch position goes on from there, whatever is
   * committed. A change of assignment comes alone, in a result without batches, before any record of its epoch.
   */
  poll(options: PollOptions): Promise<PollResult>;
  /** Partitions from which poll returns nothing until resumed. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Sets the fetch position of an assigned partition. */
  seek(partition: TopicPartition, offset: number): void;
  /**
   * Whether poll has handed out every record of the assigned partition that was committed before that poll; joins that
   * choose by timestamp wait for a partition that is not. Offsets alone can't tell: compaction leaves gaps.
   */
  isCaughtUp(partition: TopicPartition): boolean;
  /**
   * Whether polls have handed out all that the group has given it: false while the group is rebalanced, or while state of new partitions is brought up to
   * date. Adapters that hand out at once do not say.
   */
  readonly isSettled?: boolean;
  /** Records committed and not handed out yet, as last known; compacted gaps count. For metrics. */
  lag(partition: TopicPartition): number;
  /** The committed state of the stores of this member's group. */
  readonly state: CommittedState;
  /**
   * The one atomic commit: all of it is durable and visible when the promise resolves, none of it when it rejects with
   * any code but COMMIT_UNKNOWN. On COMMIT_REFUSED and STORAGE_FULL the member stays and may try again from its committed
   * offsets. MEMBER_FENCED: the epoch is not the member's present one, nothing was written. COMMIT_UNKNOWN: join again
   * and read the committed offsets, they say what happened.
   */
  commit(transaction: Transaction): Promise<void>;
  /** Gives the partitions back at once. */
  leave(): Promise<void>;
}

export interface PollOptions {
  readonly maxRecords: number;
  readonly timeoutMs: number;
  /**
   * So many records of a partition, where it has them, before the next one has its turn. Without it each has an equal share of what is
   * fetched: best for whoever merges partitions by time; whoever only passes records on wants fewer and larger batches. A log
   * that fetches in another way need not heed it.
   */
  readonly shareMin?: number;
}

export interface PollResult {
  /** Present when the assignment changed (also with the first poll). */
  readonly assignment?: Assignment;
  readonly batches: readonly RecordBatch[];
}

export interface Assignment {
  /** Grows with every change; a transaction must carry it. */
  readonly epoch: number;
  /** Each with the committed offset, or the first offset held where the group has none yet. */
  readonly partitions: readonly GroupOffset[];
}

export interface Transaction {
  readonly epoch: number;
  readonly records: readonly PartitionRecords[];
  readonly offsets: readonly GroupOffset[];
  readonly stateChanges: readonly StateChanges[];
}

export interface PartitionRecords extends TopicPartition {
  readonly buffer: RecordBuffer;
}

/** Changes of one partition of one store. */
export interface StateChanges {
  readonly store: string;
  readonly partition: number;
  /** Binary string (see {@link CommittedState}) to value; null deletes. */
  readonly entries: Iterable<readonly [key: string, value: Uint8Array | null]>;
}

/**
 * Committed key-value state. A key is a binary string: each character is one byte (0 to 255), so that JavaScript's
 * string order is the order of the bytes and a Map can hold it. At most STATE_KEY_BYTES_MAX.
 */
export interface CommittedState {
  partition(store: string, partition: number): CommittedPartition;
}

export interface CommittedPartition {
  /** The value, a copy; undefined where there is none. */
  get(key: string): Uint8Array | undefined;
  /** Entries with from <= key < to in order (reversed: from the greatest down). To be used up synchronously. */
  range(from?: string, to?: string, reverse?: boolean): IterableIterator<readonly [key: string, value: Uint8Array]>;
}

/** LMDB's limit of 1,978 bytes for a key, less our prefix. */
export const STATE_KEY_BYTES_MAX = 1_900;
