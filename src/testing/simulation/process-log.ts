import type {
  Assignment,
  CommittedState,
  GroupOffset,
  GroupReset,
  GroupStores,
  Log,
  Member,
  Membership,
  PollOptions,
  PollResult,
  TopicConfig,
  Transaction,
  Watermarks,
} from '../../log/log.ts';
import type { NewRecord, RecordPosition, TopicPartition } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { SimulatedLog } from '../../log/simulated/simulated-log.ts';
import type { VirtualTime } from '../../log/simulated/virtual-time.ts';
import type { SeededRandom } from '../../random.ts';

export interface ProcessLogOptions {
  readonly log: SimulatedLog;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly pollRecordsMax: number;
  /** A member that is not heard of for so long is put out of its group. */
  readonly sessionTimeoutMs: number;
  /** Whether the network takes its time; it does not in the calm. */
  readonly isSlow: () => boolean;
  /** Told of each commit of a group's member as it is sent. */
  readonly onSent: (group: string, transaction: Transaction) => void;
  readonly onAssigned: (assignment: Assignment) => void;
}

const SLOW_RATE = 0.3;
const SLOW_MS_MAX = 20;
const LATE_RATE = 0.5;

/**
 * The log as one process sees it: over a network that takes its time, until the process is gone or while it stands still. What it sent
 * before that is on its way; of answers it hears nothing.
 */
export class ProcessLog implements Log {
  readonly #options: ProcessLogOptions;
  readonly #members = new Set<Member>();
  #isGone = false;
  #stillUntilMs = 0;

  constructor(options: ProcessLogOptions) {
    this.#options = options;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The process is gone without a word: its sessions end by themselves. */
  kill(): void {
    this.#isGone = true;
    this.#endSessionsAfter(this.#options.sessionTimeoutMs);
  }

  /** Nothing is heard of it and it hears nothing for so long. */
  stall(forMs: number): void {
    const { time, sessionTimeoutMs } = this.#options;
    this.#stillUntilMs = Math.max(this.#stillUntilMs, time.now() + forMs);
    if (forMs > sessionTimeoutMs) this.#endSessionsAfter(sessionTimeoutMs);
  }

  /** Goes on, should it stand still. */
  wake(): void {
    this.#stillUntilMs = 0;
  }

  /** Both ways of a call take the network. */
  async through<T>(call: () => Promise<T>): Promise<T> {
    await this.#pass();
    try {
      return await call();
    } finally {
      await this.#pass();
    }
  }

  createTopics(topics: readonly TopicConfig[]): Promise<void> {
    return this.through(() => this.#options.log.createTopics(topics));
  }

  topics(): Promise<readonly TopicConfig[]> {
    return this.through(() => this.#options.log.topics());
  }

  watermarks(topic: string): Promise<readonly Watermarks[]> {
    return this.through(() => this.#options.log.watermarks(topic));
  }

  append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    return this.through(() => this.#options.log.append(records));
  }

  read(topic: string, partition: number, fromOffset: number): Promise<RecordBatch | null> {
    return this.through(() => this.#options.log.read(topic, partition, fromOffset));
  }

  awaitCommit(timeoutMs: number): Promise<void> {
    return this.through(() => this.#options.log.awaitCommit(timeoutMs));
  }

  committedOffsets(group: string): Promise<readonly GroupOffset[]> {
    return this.through(() => this.#options.log.committedOffsets(group));
  }

  groups(): Promise<readonly string[]> {
    return this.through(() => this.#options.log.groups());
  }

  resetGroup(group: string, reset: GroupReset): Promise<void> {
    return this.through(() => this.#options.log.resetGroup(group, reset));
  }

  state(group: string): CommittedState {
    return this.#options.log.state(group);
  }

  readState<T>(stores: GroupStores, reader: (state: CommittedState) => T): Promise<T> {
    return this.#options.log.readState(stores, reader);
  }

  async join(membership: Membership): Promise<Member> {
    const member = await this.through(() => this.#options.log.join(membership));
    this.#members.add(member);
    return new ProcessMember(this, member, membership.group, this.#options);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #endSessionsAfter(sessionTimeoutMs: number): void {
    const members = [...this.#members];
    // Its log may have died meanwhile, and its groups with it.
    const end = () => {
      for (const member of members) member.leave().catch(() => undefined);
    };
    this.#options.time.startTimer(sessionTimeoutMs, end);
  }

  async #pass(): Promise<void> {
    const { time, random, isSlow } = this.#options;
    if (isSlow() && random.next() < SLOW_RATE) await pauseOf(time, random.below(SLOW_MS_MAX));
    for (let stillMs = 1; stillMs > 0 && !this.#isGone; ) {
      stillMs = this.#stillUntilMs - time.now();
      if (stillMs > 0) await pauseOf(time, Math.min(stillMs, SLOW_MS_MAX));
    }
    // A process that is gone waits for ever, and each time for a promise of its own: one for all would keep every run in memory.
    if (this.#isGone) await new Promise<never>(() => {});
  }
}

class ProcessMember implements Member {
  readonly #log: ProcessLog;
  readonly #member: Member;
  readonly #group: string;
  readonly #options: ProcessLogOptions;
  #lastBatches: readonly RecordBatch[] = [];
  readonly #late: RecordBatch[] = [];

  constructor(log: ProcessLog, member: Member, group: string, options: ProcessLogOptions) {
    this.#log = log;
    this.#member = member;
    this.#group = group;
    this.#options = options;
  }

  get state(): CommittedState {
    return this.#member.state;
  }

  async poll({ maxRecords, timeoutMs }: PollOptions): Promise<PollResult> {
    const { pollRecordsMax, onAssigned, isSlow, random } = this.#options;
    const limits = { maxRecords: Math.min(maxRecords, pollRecordsMax), timeoutMs };
    const late = this.#late.splice(0);
    if (late.length > 0) return { batches: late };
    const result = await this.#log.through(() => this.#member.poll(limits));
    if (result.assignment === undefined) {
      this.#lastBatches = result.batches;
      return result;
    }
    // What was on its way under the assignment before may arrive after the new one.
    if (isSlow() && random.next() < LATE_RATE) this.#late.push(...this.#lastBatches);
    this.#lastBatches = [];
    onAssigned(result.assignment);
    return result;
  }

  commit(transaction: Transaction): Promise<void> {
    this.#options.onSent(this.#group, transaction);
    return this.#log.through(() => this.#member.commit(transaction));
  }

  leave(): Promise<void> {
    return this.#log.through(() => this.#member.leave());
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#member.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#member.resume(partitions);
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#member.seek(partition, offset);
  }

  isCaughtUp(partition: TopicPartition): boolean {
    return this.#member.isCaughtUp(partition);
  }

  lag(partition: TopicPartition): number {
    return this.#member.lag(partition);
  }
}

export function pauseOf(time: VirtualTime, milliseconds: number): Promise<void> {
  return new Promise((resolve) => time.startTimer(milliseconds, resolve));
}
