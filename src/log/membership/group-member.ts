import { HeadraceError } from '../../errors.ts';
import type { Assignment, CommittedState, Member, PollOptions, PollResult, Transaction, Watermarks } from '../log.ts';
import type { TopicPartition } from '../record.ts';
import type { RecordBatch } from '../record-batch.ts';
import type { TopicSet } from './assignment.ts';
import { FetchPosition } from './fetch-position.ts';
import { nextOf, Signal, type StartTimer } from './signal.ts';

/** What a member needs of the log it belongs to. */
export interface MemberHost {
  /** Notified after each commit; fails when the log closes. */
  readonly committed: Signal;
  readonly startTimer: StartTimer;
  /** Throws LOG_CLOSED. */
  requireOpen(): void;
  watermarksOf(partition: TopicPartition): Watermarks;
  committedOffset(group: string, partition: TopicPartition): number | undefined;
  fetch(request: FetchRequest): FetchResult;
  submit(member: GroupMember, transaction: Transaction): Promise<void>;
  left(member: GroupMember): void;
  state(group: string): CommittedState;
}

export interface FetchRequest extends TopicPartition {
  readonly epoch: number;
  readonly fromOffset: number;
  /** No batch that begins before `fromOffset` reaches it. */
  readonly isBatchStart: boolean;
  readonly maxRecords: number;
  readonly maxBytes: number;
}

export interface FetchResult {
  readonly batches: readonly RecordBatch[];
  readonly records: number;
  readonly bytes: number;
  /** Where to go on. */
  readonly nextOffset: number;
}

/** One poll hands out at most about this many bytes, however large its records are. */
export const POLL_BYTES_MAX = 64 * 1024 * 1024;

/** A member of a group, over any log that keeps its commits in this process. */
export class GroupMember implements Member {
  readonly group: string;
  readonly name: string;
  readonly sets: readonly TopicSet[];
  readonly state: CommittedState;
  readonly #host: MemberHost;
  readonly #reassigned = new Signal();
  #epoch = -1;
  /** In the order in which they were assigned; polls rotate the start. */
  #positions: FetchPosition[] = [];
  readonly #positionOf = new Map<string, FetchPosition>();
  #assigned: readonly TopicPartition[] = [];
  #assignedKeys: ReadonlySet<string> = new Set();
  #isAssignmentNew = false;
  #fencedBecause: string | null = null;
  #rotation = 0;

  constructor(host: MemberHost, group: string, name: string, sets: readonly TopicSet[]) {
    this.#host = host;
    this.group = group;
    this.name = name;
    this.sets = sets;
    this.state = host.state(group);
  }

  async poll(options: PollOptions): Promise<PollResult> {
    this.#requireActive();
    if (this.#isAssignmentNew) return { assignment: this.#takeAssignment(), batches: [] };
    const batches = this.#fetch(options);
    if (batches.length > 0 || options.timeoutMs <= 0) return { batches };
    await nextOf([this.#host.committed, this.#reassigned], options.timeoutMs, this.#host.startTimer);
    this.#requireActive();
    if (this.#isAssignmentNew) return { assignment: this.#takeAssignment(), batches: [] };
    return { batches: this.#fetch(options) };
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#position(partition).isPaused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#position(partition).isPaused = false;
  }

  seek(partition: TopicPartition, offset: number): void {
    const position = this.#position(partition);
    const { start, end } = this.#host.watermarksOf(partition);
    if (!Number.isSafeInteger(offset) || offset < start || offset > end) {
      throw new HeadraceError(
        'OFFSET_OUT_OF_RANGE',
        `Offset ${offset} of ${partition.topic}-${partition.partition} is not within ${start} to ${end}`,
        { where: { topic: partition.topic, partition: partition.partition, offset } },
      );
    }
    position.seek(offset, end);
  }

  isCaughtUp(partition: TopicPartition): boolean {
    return this.#position(partition).isCaughtUp;
  }

  lag(partition: TopicPartition): number {
    return Math.max(0, this.#host.watermarksOf(partition).end - this.#position(partition).offset);
  }

  async commit(transaction: Transaction): Promise<void> {
    this.#requireActive();
    await this.#host.submit(this, transaction);
  }

  async leave(): Promise<void> {
    if (this.#fencedBecause !== null) return;
    this.#host.requireOpen();
    this.fence('it left');
    this.#host.left(this);
  }

  /** Throws MEMBER_FENCED unless `epoch` is the present one. Checked again when the commit is written. */
  requireEpoch(epoch: number): void {
    this.#requireActive();
    if (epoch !== this.#epoch) {
      throw this.#fenced(
        `its partitions changed: the epoch is ${this.#epoch}, not ${epoch}; poll for the new assignment`,
      );
    }
  }

  isAssigned(partition: TopicPartition): boolean {
    return this.#assignedKeys.has(`${partition.partition} ${partition.topic}`);
  }

  /** From the group: these are the partitions now. The epoch changes only where they do. */
  reassign(epoch: number, partitions: readonly TopicPartition[]): void {
    const isSame =
      this.#epoch >= 0 &&
      partitions.length === this.#assigned.length &&
      partitions.every(
        ({ topic, partition }, i) => topic === this.#assigned[i]!.topic && partition === this.#assigned[i]!.partition,
      );
    if (isSame) return;
    this.#epoch = epoch;
    this.#assigned = partitions;
    this.#assignedKeys = new Set(partitions.map(({ topic, partition }) => `${partition} ${topic}`));
    this.#isAssignmentNew = true;
    this.#reassigned.notify();
  }

  fence(because: string): void {
    this.#fencedBecause ??= because;
    this.#reassigned.notify();
  }

  #takeAssignment(): Assignment {
    this.#isAssignmentNew = false;
    this.#positionOf.clear();
    this.#positions = this.#assigned.map(({ topic, partition }) => {
      const { start, end } = this.#host.watermarksOf({ topic, partition });
      const offset = this.#host.committedOffset(this.group, { topic, partition }) ?? start;
      const position = new FetchPosition(topic, partition, offset, end);
      this.#positionOf.set(`${partition} ${topic}`, position);
      return position;
    });
    return {
      epoch: this.#epoch,
      partitions: this.#positions.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    };
  }

  /**
   * Each partition that has something gets an equal share of what is left, or what is asked for at least; the next poll begins behind the last one
   * served, so that none starves.
   */
  #fetch({ maxRecords, shareMin = 1 }: PollOptions): readonly RecordBatch[] {
    const count = this.#positions.length;
    const behind: FetchPosition[] = [];
    for (let i = 0; i < count; i++) {
      const position = this.#positions[(this.#rotation + i) % count]!;
      const { end } = this.#host.watermarksOf(position);
      position.endAtPoll = end;
      if (position.offset < end && !position.isPaused) behind.push(position);
    }
    const batches: RecordBatch[] = [];
    let recordsLeft = maxRecords;
    let bytesLeft = POLL_BYTES_MAX;
    for (let i = 0; i < behind.length && recordsLeft > 0 && bytesLeft > 0; i++) {
      const position = behind[i]!;
      const shares = behind.length - i;
      const fetched = this.#host.fetch({
        topic: position.topic,
        partition: position.partition,
        epoch: this.#epoch,
        fromOffset: position.offset,
        isBatchStart: position.isBatchStart,
        maxRecords: Math.min(recordsLeft, Math.max(shareMin, Math.ceil(recordsLeft / shares))),
        maxBytes: Math.ceil(bytesLeft / shares),
      });
      position.advance(fetched.nextOffset);
      this.#rotation = (this.#positions.indexOf(position) + 1) % count;
      recordsLeft -= fetched.records;
      bytesLeft -= fetched.bytes;
      for (const batch of fetched.batches) batches.push(batch);
    }
    return batches;
  }

  #position(partition: TopicPartition): FetchPosition {
    const position = this.#positionOf.get(`${partition.partition} ${partition.topic}`);
    if (position !== undefined) return position;
    throw new HeadraceError(
      'PARTITION_UNKNOWN',
      `${partition.topic}-${partition.partition} is not assigned to member ${this.name} of group ${this.group}`,
      { where: { topic: partition.topic, partition: partition.partition } },
    );
  }

  #requireActive(): void {
    this.#host.requireOpen();
    if (this.#fencedBecause !== null) throw this.#fenced(this.#fencedBecause);
  }

  #fenced(because: string): HeadraceError {
    return new HeadraceError('MEMBER_FENCED', `Member ${this.name} of group ${this.group} is fenced: ${because}`);
  }
}
