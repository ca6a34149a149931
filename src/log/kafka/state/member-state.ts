import type { HeadraceError } from '../../../errors.ts';
import type { CommittedState, GroupOffset, Membership, StateChanges, Transaction } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { unavailable } from '../cluster/retries.ts';
import type { Topics } from '../cluster/topics.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import { type LogReader, partitionUnknown } from '../fetch/log-reader.ts';
import { stableOffsets } from '../group/group-offsets.ts';
import type { HeldState } from '../group/held-state.ts';
import type { PreparedPartition } from '../group/ownership.ts';
import { decodeIdentities, requireSameTopics, type TopicIdentities } from '../group/topic-identities.ts';
import type { PartEncoder } from '../producer/part-encoder.ts';
import type { OutgoingPartition } from '../producer/partition-produce.ts';
import { changelogRecords } from './changelog-records.ts';
import { ChangelogRestorer } from './changelog-restorer.ts';
import { Changelogs } from './changelogs.ts';
import { heldChangelogs } from './held-changelogs.ts';
import type { LocalState } from './local-state.ts';
import { requireOffsetOfState, witnessChanges } from './offset-witness.ts';
import type { RestoreProgress } from './restore-progress.ts';
import { StandbyReplicas } from './standby-replicas.ts';

export interface MemberStateOptions {
  readonly cluster: Cluster;
  readonly topics: Topics;
  readonly reader: LogReader;
  readonly encoder: PartEncoder;
  readonly local: LocalState;
  readonly membership: Membership;
  readonly requireOpen: () => void;
  readonly onRestore?: (progress: RestoreProgress) => void;
  readonly onRebuild?: (changelog: TopicPartition, because: string) => void;
}

/** One part of a transaction on its way, with the offset of its first and behind its last record where they are known. */
export interface WrittenPart {
  readonly part: OutgoingPartition;
  readonly fromOffset: number | undefined;
  readonly endOffset: number | undefined;
}

/** The state of one member's group: its changes into changelogs, its changelogs into the local state. */
export class MemberState {
  readonly committed: CommittedState;
  readonly #options: MemberStateOptions;
  readonly #changelogs: Changelogs;
  readonly #restorer: ChangelogRestorer;
  /** The ids of sources and changelogs. */
  readonly #topicIds = new Map<string, string>();

  constructor(options: MemberStateOptions) {
    const { local, membership, requireOpen } = options;
    this.#options = options;
    this.#changelogs = new Changelogs(membership.group, membership.changelogs ?? []);
    this.#restorer = new ChangelogRestorer({ ...options, group: membership.group });
    this.committed = local.committed(membership.group, requireOpen);
  }

  /** Creates the changelogs that are missing. Throws TOPIC_MISMATCH where one has another number of partitions than its source. */
  async createChangelogs(partitionsOf: (source: string) => number): Promise<void> {
    const { topics, local, membership } = this.#options;
    await topics.create(this.#changelogs.topics(partitionsOf));
    for (const { topic, stores } of this.#changelogs.ofSources) local.noteStoresIn(membership.group, topic, stores);
  }

  /**
   * From an assignment to the first record: the stable offsets first, then the ends of the changelogs as they are after that, then their tails. See
   * docs/KAFKA.md for why in this order. Throws STATE_MISMATCH where offsets and state do not agree.
   */
  async prepare(
    partitions: readonly TopicPartition[],
    requireWanted: () => void,
  ): Promise<readonly PreparedPartition[]> {
    const { cluster, reader, membership } = this.#options;
    const offsets = await stableOffsets(cluster, membership.group, partitions, requireWanted);
    await this.#noteTopics(partitions);
    for (const each of offsets) {
      requireSameTopics(membership.group, each, decodeIdentities(each.metadata), this.identities(each));
    }
    const changelogs = partitions.flatMap((each) => this.#changelogs.ofSource(each) ?? []);
    const ends = await reader.watermarks([this.#changelogs.ofGroup, ...changelogs]);
    for (const [i, changelog] of changelogs.entries()) {
      const { topic, partition, stores } = changelog;
      const { start, end } = ends[i + 1]!;
      const place = {
        changelog: { topic, partition },
        stores: this.#storesIn(topic, stores),
        statePartition: partition,
        start,
        end,
      };
      const topicId = await this.#restorer.restore({ ...place, kind: 'owner', holder: this, requireWanted });
      this.#topicIds.set(topic, topicId);
    }
    await this.#restoreGroup(ends[0]!, requireWanted);
    const watermarks = await reader.watermarks(partitions);
    const committed = offsetsOf(offsets);
    try {
      this.#requireOffsets(partitions, committed);
    } catch (error) {
      const now = offsetsOf(await stableOffsets(cluster, membership.group, partitions, requireWanted));
      this.#requireOffsets(partitions, now);
      throw unavailable('Another member has gone on with partitions while their state was restored here', error);
    }
    return watermarks.map(({ topic, partition, start, end }) => ({
      topic,
      topicId: this.#topicIds.get(topic)!,
      partition,
      offset: committed.get(partitionKey(topic, partition)) ?? start,
      start,
      end,
    }));
  }

  #storesIn(topic: string, own: readonly string[]): readonly string[] {
    const { local, membership } = this.#options;
    return this.#changelogs.storesWith(own, local.storesIn(membership.group, topic));
  }

  /** A member that is stopped, or does not hear of its group, may find later state than the offsets that it asked for. */
  #requireOffsets(partitions: readonly TopicPartition[], committed: ReadonlyMap<string, number>): void {
    for (const each of partitions) {
      const place = { ...each, topicId: this.identities(each).source };
      const offset = committed.get(partitionKey(each.topic, each.partition));
      requireOffsetOfState(this.#options.membership.group, this.committed, place, offset);
    }
  }

  /** Lets go of the state of all partitions but these: what is committed of the others is not applied here any more. */
  keepOnly(partitions: readonly TopicPartition[]): void {
    this.#options.local.holders.keepOnly(
      partitions.flatMap((each) => this.#changelogs.ofSource(each) ?? []),
      this,
    );
  }

  /** What of the group's state is on this machine, as a subscription says it. */
  held(): Promise<HeldState> {
    return heldChangelogs(this.#options, this.#changelogs);
  }

  /** Copies of what others own, for the member that this is the state of. */
  standbyReplicas(onFault: (error: HeadraceError) => void): StandbyReplicas {
    const { membership } = this.#options;
    const [changelogs, restorer] = [this.#changelogs, this.#restorer];
    return new StandbyReplicas({ ...this.#options, group: membership.group, changelogs, restorer, onFault });
  }

  /** Asked anew: what is known may be of a topic that was deleted meanwhile. */
  async #noteTopics(partitions: readonly TopicPartition[]): Promise<void> {
    const { cluster } = this.#options;
    const changelogs = partitions.map((each) => this.#changelogs.ofSource(each)?.topic);
    const names = [...partitions.map(({ topic }) => topic), ...changelogs, this.#changelogs.ofGroup.topic];
    const wanted = [...new Set(names.filter((name) => name !== undefined))];
    await cluster.refresh(wanted);
    for (const name of wanted) this.#topicIds.set(name, (await cluster.topic(name)).id);
  }

  /** Restores the whole state of a group that has no members, to the ends of now. What has no changelog yet has no state. */
  async prepareAll(): Promise<void> {
    const { cluster, reader, local, membership, requireOpen } = this.#options;
    for (const { topic, stores } of this.#changelogs.ofSources) local.noteStoresIn(membership.group, topic, stores);
    await cluster.refresh(this.#changelogs.ofSources.map(({ topic }) => topic));
    for (const { topic, stores } of this.#changelogs.ofSources) {
      const partitions = cluster.known(topic)?.leaders.length ?? 0;
      const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
      const ends = await reader.watermarks(places);
      for (const [partition, place] of places.entries()) {
        const { start, end } = ends[partition]!;
        const asked = {
          changelog: place,
          stores: this.#storesIn(topic, stores),
          statePartition: partition,
          start,
          end,
        };
        await this.#restorer.restore({ ...asked, kind: 'owner', requireWanted: requireOpen });
      }
    }
    await this.prepareGroup();
  }

  hasStore(source: string, store: string): boolean {
    return this.#changelogs.sourceOf(store) === source;
  }

  /** A group that never wrote anything of its own has nothing to load. */
  async hasGroupState(): Promise<boolean> {
    return (await this.#options.cluster.found(this.#changelogs.ofGroup.topic)) !== undefined;
  }

  /** See Log.loadGroupState. */
  async prepareGroup(): Promise<void> {
    const { reader, requireOpen } = this.#options;
    const ofGroup = this.#changelogs.ofGroup;
    if (!(await this.hasGroupState())) return;
    const [ends] = await reader.watermarks([ofGroup]);
    await this.#restoreGroup(ends!, requireOpen);
  }

  async #restoreGroup(
    ends: { readonly start: number; readonly end: number },
    requireWanted: () => void,
  ): Promise<void> {
    const { local, membership } = this.#options;
    const ofSources = local.sourceStores(membership.group);
    const stores = local.storesOf(membership.group).filter((store) => !ofSources.has(store));
    const { ofGroup } = this.#changelogs;
    const place = { changelog: ofGroup, stores, statePartition: undefined, start: ends.start, end: ends.end };
    this.#topicIds.set(ofGroup.topic, await this.#restorer.restore({ ...place, kind: 'owner', requireWanted }));
  }

  /** The transaction with what its changes of state say of the offsets up to which they go; `offsets` are all that it commits. */
  witnessed(transaction: Transaction, offsets: readonly GroupOffset[]): Transaction {
    const touched = new Set<string>();
    for (const { store, partition } of transaction.stateChanges) {
      const source = this.#changelogs.sourceOf(store);
      if (source !== undefined) touched.add(partitionKey(source, partition));
    }
    const witnesses = offsets
      .filter(({ topic, partition }) => touched.has(partitionKey(topic, partition)))
      .map((each) => witnessChanges(each, this.identities(each).source));
    return { ...transaction, stateChanges: [...transaction.stateChanges, ...witnesses] };
  }

  /** The topics that an offset of a partition goes with, as they were when it was prepared. */
  identities({ topic, partition }: TopicPartition): TopicIdentities {
    const idOf = (name: string | undefined) => (name === undefined ? undefined : this.#topicIds.get(name)) ?? '';
    const changelog = this.#changelogs.ofSource({ topic, partition })?.topic;
    return {
      source: idOf(topic),
      changelog: idOf(changelog),
      groupChangelog: idOf(this.#changelogs.ofGroup.topic),
    };
  }

  /** What goes out with a transaction. Throws TOPIC_UNKNOWN, PARTITION_UNKNOWN, RECORD_TOO_LARGE. */
  async parts(transaction: Transaction): Promise<readonly OutgoingPartition[]> {
    const { cluster, encoder } = this.#options;
    const outgoing = transaction.records.filter(({ buffer }) => buffer.count > 0);
    for (const { topic, partition } of transaction.records) {
      const { leaders } = cluster.known(topic) ?? (await cluster.topic(topic));
      if (!(partition in leaders)) throw partitionUnknown(topic, partition, leaders.length);
    }
    const parts: OutgoingPartition[] = [];
    for (const each of outgoing) parts.push(await encoder.encode(each));
    const changes = changelogRecords(transaction.stateChanges, this.#changelogs, cluster.timing.clock());
    for (const each of changes) parts.push(await encoder.encode(each));
    return parts;
  }

  /** Makes committed changes readable, with the positions behind them. */
  apply(transaction: Transaction, written: readonly WrittenPart[]): void {
    const { cluster, local, membership } = this.#options;
    const byChangelog = new Map<string, { place: TopicPartition; changes: StateChanges[] }>();
    for (const change of transaction.stateChanges) {
      const place = this.#changelogs.of(change.store, change.partition);
      const key = partitionKey(place.topic, place.partition);
      const group = byChangelog.get(key);
      if (group === undefined) byChangelog.set(key, { place, changes: [change] });
      else group.changes.push(change);
    }
    const offsets = new Map(written.map((each) => [partitionKey(each.part.topic, each.part.partition), each]));
    const currentAt = cluster.timing.clock();
    const parts = [...byChangelog].map(([key, { place, changes }]) => {
      const { fromOffset, endOffset } = offsets.get(key) ?? { fromOffset: undefined, endOffset: undefined };
      const before = local.position(place);
      // The group's own has many writers, and what others wrote before these is not read yet: there the position moves by reading only.
      const isOfGroup = place.topic === this.#changelogs.ofGroup.topic;
      // Where the broker did not tell the offset again, the position stays as well: a restart reads these changes once more.
      const offset = (isOfGroup ? undefined : endOffset) ?? before?.offset ?? 0;
      const position = { topicId: this.#topicIds.get(place.topic) ?? '', offset, currentAt, isPartial: false };
      const holder = isOfGroup ? undefined : this;
      return { ...place, changes, fromOffset: fromOffset ?? offset, position, holder };
    });
    if (parts.length > 0) local.apply(membership.group, parts);
  }
}

function offsetsOf(offsets: readonly GroupOffset[]): ReadonlyMap<string, number> {
  return new Map(offsets.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
}
