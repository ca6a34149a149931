import { HeadraceError } from '../../errors.ts';
import type {
  CommittedState,
  GroupOffset,
  GroupReset,
  GroupStores,
  Log,
  Member,
  Membership,
  TopicConfig,
  Watermarks,
} from '../log.ts';
import { nextOf, Signal } from '../membership/signal.ts';
import { topicSetsOf } from '../membership/topic-sets.ts';
import type { NewRecord, RecordPosition } from '../record.ts';
import type { RecordBatch } from '../record-batch.ts';
import { Cluster, type ClusterTopic } from './cluster/cluster.ts';
import { purge } from './cluster/purge.ts';
import { Topics } from './cluster/topics.ts';
import { Visibility } from './cluster/visibility.ts';
import { LogReader, partitionUnknown } from './fetch/log-reader.ts';
import { CommittedPartitions } from './group/committed-partitions.ts';
import { membersOf } from './group/described-group.ts';
import { allStableOffsets } from './group/group-offsets.ts';
import { allGroups } from './group/groups.ts';
import { checkReset, resetGroup } from './group/reset.ts';
import { retireMembers } from './group/retire-members.ts';
import type { KafkaLogOptions } from './kafka-log-options.ts';
import { KafkaMember } from './kafka-member.ts';
import { Appender } from './producer/appender.ts';
import { GroupProducers } from './producer/group-producers.ts';
import { PartEncoder } from './producer/part-encoder.ts';
import { StateDesk } from './queries/state-desk.ts';
import type { StateMember } from './queries/state-member.ts';
import { changelogOf } from './state/changelogs.ts';
import { LocalState } from './state/local-state.ts';
import { MemberState } from './state/member-state.ts';
import { resetRecords, withIdentities } from './state/reset-records.ts';
import { withoutCopies } from './state/without-copies.ts';

/** `awaitCommit` can't know what others commit: whoever waits looks again after so long. */
const AWAIT_COMMIT_MAX_MS = 100;

/** The log on Apache Kafka: see docs/KAFKA.md. */
export class KafkaLog implements Log {
  readonly instance: string;
  readonly #options: KafkaLogOptions;
  readonly #cluster: Cluster;
  readonly #topics: Topics;
  readonly #producers: GroupProducers;
  readonly #visibility = new Visibility();
  readonly #reader: LogReader;
  readonly #encoder: PartEncoder;
  readonly #appender: Appender;
  readonly #committed = new Signal();
  readonly #written = new CommittedPartitions();
  readonly #members = new Map<string, KafkaMember>();
  readonly #local: LocalState;
  readonly #desk: StateDesk;
  #epochs = 0;
  #isOpen = true;

  constructor(options: KafkaLogOptions) {
    const { decompress, compress, compression, instance, readBytesMax } = options;
    this.#options = options;
    this.instance = instance;
    this.#cluster = new Cluster(options);
    this.#topics = new Topics(this.#cluster, options.onFault);
    this.#producers = new GroupProducers(this.#cluster, options.transactionTimeoutMs);
    this.#local = new LocalState(options.directory.environment);
    this.#reader = new LogReader({ cluster: this.#cluster, visibility: this.#visibility, decompress, readBytesMax });
    this.#encoder = new PartEncoder(
      this.#topics,
      compression === undefined ? undefined : { codec: compression, compress },
    );
    this.#appender = new Appender({
      ...options,
      cluster: this.#cluster,
      topics: this.#topics,
      encoder: this.#encoder,
      transactionalId: `headrace/${instance}/append`,
      ...(options.appendLingerMs === undefined ? {} : { lingerMs: options.appendLingerMs }),
      onWritten: (topic, partition, endOffset) => {
        this.#visibility.written(topic, partition, endOffset);
        this.#committed.notify();
      },
    });
    this.#desk = new StateDesk({
      cluster: this.#cluster,
      exchange: options.exchange,
      membersOf: (group) => this.#membersOf(group),
      committed: (group) => this.state(group),
      changesOf: (group, { topic, partition }) => this.#local.changes({ topic: changelogOf(group, topic), partition }),
      bringHere: (stores) => this.#memberState({ ...stores, member: '', topicSets: [] }).prepareAll(),
      bringGroupHere: (group) => this.loadGroupState(group),
    });
  }

  async createTopics(topics: readonly TopicConfig[]): Promise<void> {
    this.#requireOpen();
    await this.#topics.create(topics);
  }

  async topics(): Promise<readonly TopicConfig[]> {
    this.#requireOpen();
    return this.#topics.all();
  }

  async watermarks(topic: string): Promise<readonly Watermarks[]> {
    this.#requireOpen();
    const { leaders } = await this.#cluster.topic(topic);
    return this.#reader.watermarks(leaders.map((_, partition) => ({ topic, partition })));
  }

  async append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    this.#requireOpen();
    return this.#appender.append(records);
  }

  async read(topic: string, partition: number, fromOffset: number): Promise<RecordBatch | null> {
    this.#requireOpen();
    const { leaders } = await this.#cluster.topic(topic);
    if (!Number.isInteger(partition) || !(partition in leaders))
      throw partitionUnknown(topic, partition, leaders.length);
    return this.#reader.read(topic, partition, fromOffset);
  }

  async awaitCommit(timeoutMs: number): Promise<void> {
    this.#requireOpen();
    await nextOf([this.#committed], Math.min(timeoutMs, AWAIT_COMMIT_MAX_MS), this.#options.startTimer);
  }

  async committedOffsets(group: string): Promise<readonly GroupOffset[]> {
    this.#requireOpen();
    const offsets = await allStableOffsets(this.#cluster, group, this.#written.of(group));
    return offsets
      .map(({ topic, partition, offset }) => ({ topic, partition, offset }))
      .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  }

  async groups(): Promise<readonly string[]> {
    this.#requireOpen();
    return allGroups(this.#cluster);
  }

  async resetGroup(group: string, reset: GroupReset): Promise<void> {
    this.#requireOpen();
    await checkReset(this.#cluster, this.#reader, reset);
    const records = await resetRecords(this.#cluster, group, reset, this.#options.clock());
    const marks = await Promise.all(records.map((each) => this.#encoder.encode(each)));
    const offsets = await withIdentities(this.#cluster, group, reset.offsets);
    await resetGroup({ cluster: this.#cluster, reader: this.#reader, group, offsets, marks });
    if (reset.dropsState) this.#local.forget(group, records);
    this.#committed.notify();
  }

  async purge(offsets: readonly GroupOffset[]): Promise<void> {
    this.#requireOpen();
    await purge(this.#cluster, offsets);
  }

  async join(membership: Membership): Promise<Member> {
    this.#requireOpen();
    const key = `${membership.group} ${membership.member}`;
    // One name is one member: who had it here before ends first, with what it has under way, so that the two do not throw each other out.
    const endFormer = () => this.#members.get(key)?.end();
    endFormer();
    const names = [...new Set(membership.topicSets.flat())];
    await this.#cluster.refresh(names);
    const topics = await Promise.all(names.map((name) => this.#cluster.topic(name)));
    const counts = new Map(topics.map(({ name, leaders }) => [name, leaders.length]));
    topicSetsOf(membership, (topic) => counts.get(topic)!);
    // Each process has its worker-0: to the group they are different members.
    const named = { ...membership, member: `${this.instance}.${membership.member}` };
    const state = this.#memberState(named);
    await state.createChangelogs((source) => counts.get(source)!);
    // Another call may have been faster.
    endFormer();
    const member = this.#member(named, topics, state, () => {
      if (this.#members.get(key) === member) this.#members.delete(key);
    });
    this.#members.set(key, member);
    member.start();
    return member;
  }

  state(group: string): CommittedState {
    this.#requireOpen();
    const committed = this.#local.committed(group, () => this.#requireOpen());
    return withoutCopies(committed, (store, partition) =>
      [...this.#members.values()].some((member) => member.isCopy(group, store, partition)),
    );
  }

  async readState<T>(stores: GroupStores, reader: (state: CommittedState) => T): Promise<T> {
    this.#requireOpen();
    return this.#desk.read(stores, reader);
  }

  async answerState(question: Uint8Array): Promise<Uint8Array> {
    this.#requireOpen();
    return this.#desk.answer(question);
  }

  async membersElsewhere(groups: readonly string[]): Promise<readonly string[]> {
    const all = await Promise.all(groups.map((group) => membersOf(this.#cluster, group)));
    // Threads of this process have names that begin with its own.
    const isOurs = (member: string) => member.startsWith(`${this.instance}.`) || member.startsWith(`${this.instance}_`);
    return [...new Set(all.flat())].filter((member) => !isOurs(member)).sort();
  }

  async loadGroupState(group: string, member?: string): Promise<void> {
    this.#requireOpen();
    const state = this.#memberState({ group, member: '', topicSets: [] });
    if (!(await state.hasGroupState())) return;
    if (member !== undefined) await this.#producers.endTransactionOf(group, `${this.instance}.${member}`);
    await state.prepareGroup();
  }

  async retire(group: string, members: readonly string[]): Promise<void> {
    this.#requireOpen();
    const endTransactionOf = (member: string) => this.#producers.endTransactionOf(group, member);
    await retireMembers({ cluster: this.#cluster, group, members, endTransactionOf });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const closed = closedError();
    this.#appender.close(closed);
    this.#committed.fail(closed);
    const members = [...this.#members.values()];
    this.#members.clear();
    for (const member of members) member.end();
    await this.#cluster.close();
    await this.#options.directory.close();
  }

  #member(
    membership: Membership,
    topics: readonly ClusterTopic[],
    state: MemberState,
    onLeft: () => void,
  ): KafkaMember {
    const { sessionTimeoutMs, heartbeatIntervalMs, onStep, onFault, exchange, standbyReplicas } = this.#options;
    const { group } = membership;
    return new KafkaMember({
      cluster: this.#cluster,
      membership,
      topics,
      producer: this.#producers.of(group, membership.member),
      endTransactionOf: (member) => this.#producers.endTransactionOf(group, member),
      state,
      decompress: this.#options.decompress,
      endpoint: () => exchange?.endpoint(),
      standbyReplicas: standbyReplicas ?? 0,
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      ...(heartbeatIntervalMs === undefined ? {} : { heartbeatIntervalMs }),
      onStep: (step) => {
        if (step === 'end') this.#committed.notify();
        onStep?.(step);
      },
      nextEpoch: () => ++this.#epochs,
      onFault: onFault ?? (() => {}),
      onLeft,
      onCommitted: (offsets) => this.#written.note(group, offsets),
      onWritten: ({ topic, partition }, endOffset) => {
        if (endOffset !== undefined) this.#visibility.written(topic, partition, endOffset);
      },
    });
  }

  #membersOf(group: string): readonly StateMember[] {
    return [...this.#members.values()].map(({ stateMember }) => stateMember).filter((each) => each.group === group);
  }

  #memberState(membership: Membership): MemberState {
    const { onRestore, onRebuild } = this.#options;
    return new MemberState({
      cluster: this.#cluster,
      topics: this.#topics,
      reader: this.#reader,
      encoder: this.#encoder,
      local: this.#local,
      membership,
      requireOpen: () => this.#requireOpen(),
      ...(onRestore === undefined ? {} : { onRestore }),
      ...(onRebuild === undefined ? {} : { onRebuild }),
    });
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw closedError();
  }
}

function closedError(): HeadraceError {
  return new HeadraceError('LOG_CLOSED', 'The log is closed');
}
