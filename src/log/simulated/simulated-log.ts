import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type {
  CommittedState,
  GroupOffset,
  GroupReset,
  GroupStores,
  Log,
  Member,
  Membership,
  StateChanges,
  TopicConfig,
  Transaction,
  Watermarks,
} from '../log.ts';
import { Group } from '../membership/group.ts';
import { GroupMember, type MemberHost } from '../membership/group-member.ts';
import { nextOf, Signal } from '../membership/signal.ts';
import { topicSetsOf } from '../membership/topic-sets.ts';
import { type NewRecord, NO_HEADERS, type RecordPosition } from '../record.ts';
import type { RecordBatch } from '../record-batch.ts';
import { BATCH_BYTES_TARGET, BATCH_RECORDS_MAX, RecordBuffer } from '../record-buffer.ts';
import { checkOffsets, checkStateChanges } from '../transaction-rules.ts';
import { Faults } from './faults.ts';
import type { Queued } from './queued.ts';
import type { SimulatedLogOptions } from './simulated-log-options.ts';
import { SimulatedMemory } from './simulated-memory.ts';
import type { SimulatedPartition } from './simulated-partition.ts';
import { neededFrom, requireQueueRoom, requireRoom } from './simulated-retention.ts';
import { simulatedState } from './simulated-state.ts';
import { VirtualTime } from './virtual-time.ts';

/** Appended records that may wait before more are refused. */
export const SIMULATED_QUEUE_RECORDS_MAX = 1_000_000;

/**
 * A log in memory that keeps the whole contract, runs without real timers, and fails as its seed says. The same seed and
 * the same calls give the same run.
 */
export class SimulatedLog implements Log {
  readonly #options: SimulatedLogOptions;
  readonly #memory: SimulatedMemory;
  readonly #time: VirtualTime;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #groups = new Map<string, Group>();
  readonly #committed = new Signal();
  readonly #host: MemberHost;
  #queue: Queued[] = [];
  #queuedRecords = 0;
  #isOpen = true;

  constructor(options: SimulatedLogOptions) {
    this.#options = options;
    this.#memory = options.memory ?? new SimulatedMemory();
    this.#time = options.time ?? new VirtualTime();
    this.#clock = options.clock ?? this.#time.now;
    this.#faults = new Faults(options.faults ?? {}, options.random);
    this.#host = {
      committed: this.#committed,
      startTimer: this.#time.startTimer,
      requireOpen: () => this.#requireOpen(),
      watermarksOf: (partition) => this.#memory.partition(partition).watermarks,
      committedOffset: (group, partition) => this.#memory.committedOffset(group, partition),
      fetch: (request) => this.#memory.partition(request).fetch(request),
      submit: (member, transaction) => this.#submit(member, transaction),
      left: (member) => this.#groups.get(member.group)?.leave(member),
      state: (group) => this.state(group),
    };
  }

  async createTopics(topics: readonly TopicConfig[]): Promise<void> {
    this.#requireOpen();
    this.#memory.create(topics);
  }

  async topics(): Promise<readonly TopicConfig[]> {
    this.#requireOpen();
    return this.#memory.configs();
  }

  async watermarks(topic: string): Promise<readonly Watermarks[]> {
    this.#requireOpen();
    return this.#memory.topic(topic).map(({ watermarks }) => watermarks);
  }

  async append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    this.#requireOpen();
    const partitions = records.map((record) => this.#memory.partition(record));
    for (const partition of new Set(partitions)) this.#requireRoomIn(partition);
    // Each record gets a buffer of its own, so that all are checked and copied before any is written.
    const buffers = records.map(({ timestamp, key, value, headers }) => {
      const buffer = new RecordBuffer();
      buffer.append(timestamp, key, value, headers ?? NO_HEADERS);
      return buffer;
    });
    const positions: RecordPosition[] = [];
    this.#queuedRecords += records.length;
    await this.#enqueue(() => {
      this.#queuedRecords -= records.length;
      partitions.forEach((partition, i) => {
        const offset = partition.append(buffers[i]!, this.#clock());
        positions.push({ topic: partition.config.name, partition: partition.partition, offset });
      });
      this.#options.onWritten?.({ kind: 'appended', positions });
    });
    return positions;
  }

  async read(topic: string, partition: number, fromOffset: number): Promise<RecordBatch | null> {
    this.#requireOpen();
    const limits = { isBatchStart: false, maxRecords: BATCH_RECORDS_MAX, maxBytes: BATCH_BYTES_TARGET };
    const fetched = this.#memory
      .partition({ topic, partition })
      .fetch({ topic, partition, epoch: 0, fromOffset, ...limits });
    return fetched.batches[0] ?? null;
  }

  async awaitCommit(timeoutMs: number): Promise<void> {
    this.#requireOpen();
    await nextOf([this.#committed], timeoutMs, this.#time.startTimer);
  }

  async committedOffsets(group: string): Promise<readonly GroupOffset[]> {
    this.#requireOpen();
    return this.#memory.committed(group);
  }

  async groups(): Promise<readonly string[]> {
    this.#requireOpen();
    return this.#memory.groups();
  }

  async resetGroup(group: string, { offsets, dropsState }: GroupReset): Promise<void> {
    this.#requireOpen();
    if ((this.#groups.get(group)?.memberCount ?? 0) > 0) {
      throw new HeadraceError('COMMIT_REFUSED', `Group ${group} has members; stop them before it is reset`);
    }
    for (const place of offsets) this.#memory.partition(place).requireWithin(place.offset);
    this.#memory.setOffsets(group, offsets);
    if (dropsState) this.#memory.dropState(group);
    this.#committed.notify();
  }

  async join(membership: Membership): Promise<Member> {
    this.#requireOpen();
    const sets = topicSetsOf(membership, (topic) => this.#memory.topic(topic).length);
    const { group: name } = membership;
    const group = this.#groups.get(name) ?? new Group(name);
    this.#groups.set(name, group);
    this.#memory.ensureGroup(name);
    const member = new GroupMember(this.#host, name, membership.member, sets);
    group.join(member);
    return member;
  }

  state(group: string): CommittedState {
    this.#requireOpen();
    return simulatedState((store, partition) => {
      this.#requireOpen();
      return this.#memory.state(group, store, partition);
    });
  }

  async readState<T>({ group }: GroupStores, reader: (state: CommittedState) => T): Promise<T> {
    return reader(this.state(group));
  }

  /** Retention and compaction, all of it at once. */
  maintain(): boolean {
    this.#requireOpen();
    for (const partition of this.#memory.partitions()) {
      const needed = neededFrom(this.#memory, this.#groups, partition);
      partition.retain(needed, this.#clock());
      partition.compact(needed, this.#clock());
    }
    return false;
  }

  async close(): Promise<void> {
    this.#stop();
  }

  /**
   * Stops as a killed process does: of what was queued a first part (drawn from the seed) is committed although nobody
   * is told, the rest is gone; members are gone; waiting calls reject with LOG_CLOSED. {@link reopen} goes on.
   */
  crash(): void {
    if (!this.#isOpen) return;
    const done = this.#faults.doneAtCrash(this.#queue.length);
    for (const { apply } of this.#queue.slice(0, done)) {
      try {
        apply();
      } catch {
        // A refused commit is refused with or without a crash, and there is nobody left to hear it.
      }
    }
    this.#stop();
  }

  /** A new log over what this one has committed. */
  reopen(changes: Partial<SimulatedLogOptions> = {}): SimulatedLog {
    this.#stop();
    return new SimulatedLog({ ...this.#options, time: this.#time, memory: this.#memory, ...changes });
  }

  #stop(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const closed = closedError();
    for (const { reject } of this.#queue.splice(0)) reject(closed);
    this.#committed.fail(closed);
  }

  #submit(member: GroupMember, transaction: Transaction): Promise<void> {
    const stateChanges = checkStateChanges(transaction.stateChanges);
    const fault = this.#faults.next();
    const leaveGroup = (because: string) => {
      member.fence(because);
      this.#groups.get(member.group)?.leave(member);
    };
    const apply = () => {
      member.requireEpoch(transaction.epoch);
      if (fault === 'fence') leaveGroup('the log says so');
      if (fault === 'fence') member.requireEpoch(transaction.epoch);
      if (fault === 'refuse') throw new HeadraceError('COMMIT_REFUSED', 'The commit is refused: the seed says so');
      if (fault !== 'unknown-lost') this.#write(member, transaction, stateChanges);
      if (fault === 'none') return;
      leaveGroup('the outcome of its commit is unknown');
      if (fault === 'unknown-written') this.#committed.notify();
      throw new HeadraceError('COMMIT_UNKNOWN', 'No answer to the commit: it may be written or not');
    };
    const delayMs = this.#faults.delayMs();
    if (delayMs === 0) return this.#enqueue(apply);
    return new Promise((resolve, reject) => {
      this.#time.startTimer(delayMs, () => {
        if (this.#isOpen) this.#enqueue(apply).then(resolve, reject);
        else reject(closedError());
      });
    });
  }

  /** Checks everything, then writes everything. */
  #write(member: GroupMember, transaction: Transaction, stateChanges: readonly StateChanges[]): void {
    const { records, offsets } = transaction;
    checkOffsets(
      offsets,
      (place) => member.isAssigned(place),
      (place) => this.#memory.partition(place).watermarks,
    );
    const targets = records.map((target) => ({ partition: this.#memory.partition(target), buffer: target.buffer }));
    for (const { partition, buffer } of targets) partition.append(buffer, this.#clock());
    this.#memory.setOffsets(member.group, offsets);
    for (const changes of stateChanges) this.#memory.changeState(member.group, changes);
    this.#options.onWritten?.({ kind: 'transaction', transaction });
  }

  #enqueue(apply: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ apply, resolve, reject });
      if (this.#queue.length > 1) return;
      // A timer of no length: a crash or a close may come between the call and its commit.
      this.#time.startTimer(0, () => this.#flush());
    });
  }

  #flush(): void {
    if (!this.#isOpen) return;
    for (const { apply, resolve, reject } of this.#queue.splice(0)) {
      try {
        apply();
        resolve();
        this.#committed.notify();
      } catch (error) {
        reject(error);
      }
    }
  }

  #requireRoomIn(partition: SimulatedPartition): void {
    requireQueueRoom(this.#queuedRecords, this.#options.queuedRecordsMax ?? SIMULATED_QUEUE_RECORDS_MAX);
    requireRoom(partition, neededFrom(this.#memory, this.#groups, partition), this.#clock());
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw closedError();
  }
}

function closedError(): HeadraceError {
  return new HeadraceError('LOG_CLOSED', 'The log is closed');
}
