import { HeadraceError } from '../../errors.ts';
import type { Assignment, CommittedState, GroupOffset, Member, PollOptions, PollResult, Transaction } from '../log.ts';
import { Signal } from '../membership/signal.ts';
import type { TopicPartition } from '../record.ts';
import { checkOffsets, checkStateChanges } from '../transaction-rules.ts';
import { isUnavailable } from './cluster/retries.ts';
import { FetchPosition, partitionKey } from './fetch/fetch-position.ts';
import { Fetcher } from './fetch/fetcher.ts';
import type { GroupAssignment } from './group/group-listener.ts';
import { GroupMembership } from './group/group-membership.ts';
import { mayFailInSilence, OffsetProgress } from './group/offset-progress.ts';
import { Ownership } from './group/ownership.ts';
import { WatchedTopics } from './group/watched-topics.ts';
import type { KafkaMemberOptions } from './kafka-member-options.ts';
import { MemberTransaction } from './member-transaction.ts';
import { Preparation } from './preparation.ts';
import { StateMember } from './queries/state-member.ts';
import type { StandbyReplicas } from './state/standby-replicas.ts';

/** A member of a group on Kafka: see docs/KAFKA.md for the way of a commit and of an assignment. */
export class KafkaMember implements Member {
  readonly state: CommittedState;
  readonly stateMember: StateMember;
  readonly #options: KafkaMemberOptions;
  /** As errors name it. */
  readonly #name: string;
  readonly #membership: GroupMembership;
  readonly #ownership: Ownership;
  readonly #progress: OffsetProgress;
  readonly #fetcher: Fetcher;
  readonly #watched: WatchedTopics;
  readonly #preparation: Preparation;
  readonly #transaction: MemberTransaction;
  readonly #standbys: StandbyReplicas;
  /** Notified where a poll that waits has something to say. */
  readonly #woken = new Signal();
  #positions: readonly FetchPosition[] = [];
  #positionOf: ReadonlyMap<string, FetchPosition> = new Map();
  #failure: HeadraceError | undefined;
  #hasLeft = false;

  constructor(options: KafkaMemberOptions) {
    const { cluster, membership, decompress, sessionTimeoutMs, heartbeatIntervalMs, onFault } = options;
    this.#options = options;
    this.state = options.state.committed;
    this.#name = `member ${membership.member} of group ${membership.group}`;
    this.#ownership = new Ownership(this.#name, options.nextEpoch);
    this.#progress = new OffsetProgress({
      ownership: this.#ownership,
      positionOf: ({ topic, partition }) => this.#positionOf.get(partitionKey(topic, partition)),
      clock: cluster.timing.clock,
    });
    this.#watched = new WatchedTopics({
      cluster,
      group: membership.group,
      topics: options.topics,
      onFault,
      onFailure: (error) => this.#fail(error),
    });
    this.#fetcher = new Fetcher({
      cluster,
      decompress,
      membership,
      onFault,
      onDoubt: () => this.#watched.doubt(),
    });
    this.#standbys = options.state.standbyReplicas(onFault);
    this.#preparation = new Preparation({
      timing: cluster.timing,
      woken: this.#woken,
      prepare: async (partitions, requireWanted) => {
        // A process of this name that was killed may have left a transaction open, which the state waits for.
        await options.producer.begin();
        return options.state.prepare(partitions, requireWanted);
      },
      endTransactionOf: options.endTransactionOf,
      onPrepared: (prepared) => {
        this.#ownership.prepared(prepared);
        this.#woken.notify();
      },
      onFault,
      onFailure: (error) => this.#fail(error),
      onWorking: (isWorking) => {
        this.#standbys.isPaused = isWorking;
      },
    });
    this.#membership = new GroupMembership({
      cluster,
      group: membership.group,
      member: membership.member,
      topicSets: membership.topicSets.filter((topics) => topics.length > 0),
      isExclusive: membership.isExclusive ?? false,
      topologyId: membership.topologyId,
      endpoint: options.endpoint,
      describeState: async () => ({
        state: await options.state.held(),
        standbys: this.#standbys.partitions,
        standbyReplicas: options.standbyReplicas,
      }),
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      ...(heartbeatIntervalMs === undefined ? {} : { heartbeatIntervalMs }),
      listener: {
        assigned: (assignment) => this.#assigned(assignment),
        failed: (error) => this.#fail(error),
        faulted: onFault,
      },
    });
    this.#transaction = new MemberTransaction({
      ...options,
      group: membership.group,
      membership: this.#membership,
      ownership: this.#ownership,
      progress: this.#progress,
      requireActive: () => this.#requireActive(),
    });
    this.stateMember = new StateMember({
      group: membership.group,
      membership: this.#membership,
      ownership: this.#ownership,
      state: options.state,
      isOut: () => this.#hasLeft || this.#failure !== undefined,
    });
  }

  start(): void {
    this.#membership.start();
  }

  async poll({ maxRecords, timeoutMs }: PollOptions): Promise<PollResult> {
    const { timing } = this.#options.cluster;
    const deadline = timing.clock() + timeoutMs;
    for (;;) {
      this.#watched.look();
      this.#requireActive();
      if (this.#ownership.isNew) return { assignment: this.#takeAssignment(), batches: [] };
      const leftMs = Math.max(0, deadline - timing.clock());
      const round = { positions: this.#positions, epoch: this.#ownership.epoch, maxRecords, timeoutMs: leftMs };
      const batches = await this.#fetcher.fetch({ ...round, wokenBy: this.#woken });
      this.#requireActive();
      // What was fetched under an older assignment is dropped: its positions are gone with it.
      if (this.#ownership.isNew) return { assignment: this.#takeAssignment(), batches: [] };
      if (this.#ownership.epoch === round.epoch && batches.length > 0)
        return { batches: this.#progress.handedOut(batches) };
      const passed = this.#progress.passed();
      if (passed.length > 0) await this.#commitPassed(passed);
      if (timing.clock() >= deadline) return { batches: [] };
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#position(partition).isPaused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#position(partition).isPaused = false;
  }

  seek(partition: TopicPartition, offset: number): void {
    const position = this.#position(partition);
    if (!Number.isSafeInteger(offset) || offset < position.start || offset > position.end) {
      const { topic, partition: number } = partition;
      throw new HeadraceError(
        'OFFSET_OUT_OF_RANGE',
        `Offset ${offset} of ${topic}-${number} is not within ${position.start} to ${position.end}`,
        { where: { topic, partition: number, offset } },
      );
    }
    position.seek(offset);
  }

  isCaughtUp(partition: TopicPartition): boolean {
    return this.#fetcher.isCaughtUp(this.#position(partition));
  }

  get isSettled(): boolean {
    return this.#membership.identity !== undefined && this.#ownership.isSettled;
  }

  lag(partition: TopicPartition): number {
    const { offset, end } = this.#position(partition);
    return Math.max(0, end - offset);
  }

  async commit(transaction: Transaction): Promise<void> {
    this.#requireActive();
    this.#ownership.requireEpoch(transaction.epoch);
    const checked = { ...transaction, stateChanges: checkStateChanges(transaction.stateChanges) };
    checkOffsets(
      transaction.offsets,
      (place) => this.#ownership.isOwned(place),
      (place) => this.#position(place),
    );
    try {
      await this.#transaction.commit(checked);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      throw new HeadraceError('COMMIT_REFUSED', `Nothing was committed: ${error.message}`, { cause: error });
    }
  }

  async leave(): Promise<void> {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#letGo();
    await this.#membership.leave();
    this.#options.onLeft();
  }

  /** Ends the work without a word to the group: the log closes, or another member has taken the name here. */
  end(): void {
    this.#hasLeft = true;
    this.#letGo();
    this.#membership.end();
  }

  /** Whether a partition of a store is a copy here, which nobody is to read. */
  isCopy(group: string, store: string, partition: number): boolean {
    return group === this.#options.membership.group && this.#standbys.isCopy(store, partition);
  }

  /** Where it fails nothing is lost: the next commit, or the next silence, says the same. */
  async #commitPassed(offsets: readonly GroupOffset[]): Promise<void> {
    try {
      await this.#transaction.commit({ epoch: this.#ownership.epoch, records: [], offsets, stateChanges: [] });
    } catch (error) {
      if (!mayFailInSilence(error)) throw error;
    }
  }

  #assigned({ partitions, isContinuous, gone, standbys }: GroupAssignment): void {
    if (this.#hasLeft || this.#failure !== undefined) return;
    const gained = this.#ownership.assign(partitions, isContinuous);
    this.#options.state.keepOnly(this.#ownership.committed());
    if (this.#ownership.isNew) this.#woken.notify();
    this.#preparation.begin(gained, gone);
    this.#standbys.assign(standbys);
  }

  #takeAssignment(): Assignment {
    const assignment = this.#ownership.take();
    // What it kept it knows more of than at the time of its first assignment: the sink goes on behind a cut that it has not committed yet.
    const endOf = (each: TopicPartition) => this.#positionOf.get(partitionKey(each.topic, each.partition))?.end ?? 0;
    this.#positions = assignment.partitions.map(
      (each) => new FetchPosition({ ...each, end: Math.max(each.end, endOf(each)) }),
    );
    this.#positionOf = new Map(this.#positions.map((position) => [position.key, position]));
    return {
      ...assignment,
      partitions: this.#positions.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    };
  }

  #fail(error: HeadraceError): void {
    this.#failure ??= error;
    this.#letGo();
  }

  /** What goes on in the background ends, and the local state is free for others. */
  #letGo(): void {
    this.#preparation.end();
    this.#standbys.assign([]);
    this.#options.state.keepOnly([]);
    this.#woken.notify();
  }

  #position({ topic, partition }: TopicPartition): FetchPosition {
    const position = this.#positionOf.get(partitionKey(topic, partition));
    if (position !== undefined) return position;
    throw new HeadraceError('PARTITION_UNKNOWN', `${topic}-${partition} is not assigned to ${this.#name}`, {
      where: { topic, partition },
    });
  }

  #requireActive(): void {
    this.#options.cluster.requireOpen();
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#hasLeft) return;
    throw new HeadraceError('MEMBER_FENCED', `${this.#name} is fenced: it left`);
  }
}
