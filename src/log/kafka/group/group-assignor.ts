import { assignPartitions, type Owners, type TopicSet } from '../../membership/assignment.ts';
import type { Warmth } from '../../membership/warm-places.ts';
import type { TopicPartition } from '../../record.ts';
import { decodeHeldState } from './held-state.ts';
import { assignStandbys, type Standbys } from './standby-assignor.ts';
import { type AssignmentNotice, type PartitionsByTopic, type Subscription, setsText } from './subscription.ts';

/** What one member gets. */
export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[];
  readonly notice: AssignmentNotice;
}

/**
 * What the leader of a group decides: each set of co-partitioned topics spread evenly, as little moved as that allows. Members whose sets
 * overlap without being equal (a rolling restart of a changed topology) are looked at together, see {@link decided}: some of them work, the others
 * wait. What has to move goes to members that have its state on disk, and further ones are named to keep copies: docs/KAFKA.md has the order.
 * A function of its arguments alone; by the members' names.
 */
export function assignGroup(
  unordered: readonly Subscription[],
  partitionsOf: (topic: string) => number | undefined,
): ReadonlyMap<string, MemberAssignment> {
  const subscriptions = [...unordered].sort((a, b) => (a.member < b.member ? -1 : 1));
  const [refusals, waits] = [new Map<string, string[]>(), new Map<string, string[]>()];
  const together = mergedSets(subscriptions).map((topics) => decided(topics, subscriptions));
  for (const { topics, waiting } of together) {
    for (const member of waiting) note(waits, member, topics.join(', '));
  }
  const sets = together.flatMap((each) =>
    each.sets.flatMap((topics) => setOf(topics, subscriptions, partitionsOf, refusals)),
  );
  const readers = subscriptions.map(({ member }) => {
    const read = together.filter((each) => each.readers.has(member)).flatMap((each) => each.sets);
    return { member, setIds: new Set(read.map(idOf)) };
  });
  const previous = previousOwners(sets, subscriptions);
  const isExclusive = subscriptions.some((each) => each.isExclusive === true);
  const warmth = warmthOf(sets, subscriptions);
  const owners = assignPartitions(sets, isExclusive ? soleReader(readers, previous) : readers, previous, warmth);
  const replicas = Math.max(0, ...subscriptions.map(({ standbyReplicas = 0 }) => standbyReplicas));
  const standbys = assignStandbys(setsWithState(sets, subscriptions), readers, owners, warmth, {
    replicas,
    previous: previousStandbys(sets, subscriptions),
  });
  const members = subscriptions.map(({ member }) => member).sort();
  const gone = [...new Set(subscriptions.flatMap((each) => each.members))].filter((each) => !members.includes(each));
  return new Map(
    subscriptions.map(({ member, topicSets }) => {
      const [refused, waitsFor] = [refusals.get(member)?.join('; '), waits.get(member)?.join('; ')];
      const notice: AssignmentNotice = {
        topicSets,
        members,
        gone,
        ...(replicas === 0 ? {} : { standbys: standbysOf(member, sets, standbys) }),
        ...(refused === undefined ? {} : { refused }),
        ...(waitsFor === undefined ? {} : { waitsFor }),
      };
      return [member, { partitions: partitionsOwned(member, sets, owners), notice }];
    }),
  );
}

/** What becomes of topics that hang together over the members' sets. */
interface Decided {
  readonly topics: readonly string[];
  readonly sets: readonly (readonly string[])[];
  readonly readers: ReadonlySet<string>;
  readonly waiting: readonly string[];
}

/**
 * Partition p of everything that is joined has one owner, so members that join differently can't share. Those that read all of the topics take them
 * as one set. Where nobody does, those go on who have them, under their own sets, until the last of them is gone: so the version that
 * works keeps working while another comes in its place.
 */
function decided(topics: readonly string[], subscriptions: readonly Subscription[]): Decided {
  const all = new Set(topics);
  const touching = subscriptions.filter(({ topicSets }) => topicSets.flat().some((topic) => all.has(topic)));
  const whole = touching.filter(
    ({ topicSets }) => new Set(topicSets.flat().filter((topic) => all.has(topic))).size === all.size,
  );
  const readers = new Set((whole.length > 0 ? whole : presentOwners(all, touching)).map(({ member }) => member));
  const first = touching.find(({ member }) => readers.has(member));
  const own = first === undefined ? [] : setsWithin(all, first).map((each) => [...each].sort());
  const waiting = touching.map(({ member }) => member).filter((member) => !readers.has(member));
  return { topics, sets: whole.length > 0 ? [topics] : own, readers, waiting };
}

/** Of members with different sets those of one kind: the kind that holds the most partitions, else that of the first by name. */
function presentOwners(topics: ReadonlySet<string>, touching: readonly Subscription[]): readonly Subscription[] {
  const kinds = new Map<string, { readonly members: Subscription[]; held: number }>();
  for (const each of touching) {
    const text = setsText(setsWithin(topics, each));
    const kind = kinds.get(text) ?? { members: [], held: 0 };
    kinds.set(text, kind);
    kind.members.push(each);
    kind.held += each.owned.filter(({ topic }) => topics.has(topic)).length;
  }
  return [...kinds.values()].reduce((best, kind) => (kind.held > best.held ? kind : best)).members;
}

function setsWithin(topics: ReadonlySet<string>, { topicSets }: Subscription): readonly (readonly string[])[] {
  return topicSets.filter((set) => set.some((topic) => topics.has(topic)));
}

/** The one who has the most so far, that nothing moves without need; else the first by name. */
function soleReader<Reader extends { readonly member: string }>(
  readers: readonly Reader[],
  previous: Owners,
): readonly Reader[] {
  const held = new Map(readers.map(({ member }) => [member, 0]));
  for (const owner of [...previous.values()].flat()) if (owner !== null) held.set(owner, (held.get(owner) ?? 0) + 1);
  const order = [...readers].sort(
    (a, b) => held.get(b.member)! - held.get(a.member)! || (a.member < b.member ? -1 : 1),
  );
  return order.slice(0, 1);
}

/** The topics of all sets that hang together over a topic in common, in an order that depends on the names alone. */
function mergedSets(subscriptions: readonly Subscription[]): readonly (readonly string[])[] {
  const merged: Set<string>[] = [];
  for (const topics of subscriptions.flatMap(({ topicSets }) => topicSets)) {
    const touching = merged.filter((each) => topics.some((topic) => each.has(topic)));
    const all = new Set([...topics, ...touching.flatMap((each) => [...each])]);
    for (const each of touching) merged.splice(merged.indexOf(each), 1);
    if (all.size > 0) merged.push(all);
  }
  return merged.map((topics) => [...topics].sort()).sort((a, b) => (a.join(' ') < b.join(' ') ? -1 : 1));
}

/** Nothing where a topic is gone, or where the numbers of partitions differ: those who want it are told. */
function setOf(
  topics: readonly string[],
  subscriptions: readonly Subscription[],
  partitionsOf: (topic: string) => number | undefined,
  refusals: Map<string, string[]>,
): readonly TopicSet[] {
  const counts = topics.map(partitionsOf);
  if (counts.every((count) => count !== undefined && count === counts[0])) {
    return [{ id: idOf(topics), topics, partitions: counts[0]! }];
  }
  const missing = topics.filter((_, i) => counts[i] === undefined);
  const because =
    missing.length > 0
      ? `topic ${missing.join(', ')} does not exist`
      : `topics that are joined have different numbers of partitions: ${topics.map((topic, i) => `${topic} ${counts[i]}`).join(', ')}`;
  for (const { member, topicSets } of subscriptions) {
    if (topicSets.flat().some((topic) => topics.includes(topic))) note(refusals, member, because);
  }
  return [];
}

/** Who says to own each partition: of two that do, the one who saw the later generation. */
function previousOwners(sets: readonly TopicSet[], subscriptions: readonly Subscription[]): Owners {
  const claims = new Map<string, Subscription>();
  for (const subscription of subscriptions) {
    for (const { topic, partition } of subscription.owned) {
      const place = `${partition} ${topic}`;
      const other = claims.get(place);
      if (other === undefined || other.generation < subscription.generation) claims.set(place, subscription);
    }
  }
  return new Map(
    sets.map(({ id, topics, partitions }) => [
      id,
      Array.from({ length: partitions }, (_, partition) => claims.get(`${partition} ${topics[0]}`)?.member ?? null),
    ]),
  );
}

/** How far each member has the state of a partition of a set: over the changelogs of all its topics. */
function warmthOf(sets: readonly TopicSet[], subscriptions: readonly Subscription[]): Warmth {
  const setOfTopic = new Map(sets.flatMap(({ id, topics }) => topics.map((topic) => [topic, id])));
  const offsets = new Map<string, Map<string, number>>();
  for (const { member, state = {} } of subscriptions) {
    for (const { topic, partition, offset } of decodeHeldState(state)) {
      const place = `${partition} ${setOfTopic.get(topic)}`;
      const of = offsets.get(place) ?? new Map<string, number>();
      offsets.set(place, of.set(member, (of.get(member) ?? 0) + offset));
    }
  }
  return (setId, partition) => offsets.get(`${partition} ${setId}`) ?? new Map();
}

/** There is nothing to copy of the others. */
function setsWithState(sets: readonly TopicSet[], subscriptions: readonly Subscription[]): readonly TopicSet[] {
  const sources = new Set(subscriptions.flatMap(({ state = {} }) => Object.keys(state)));
  return sets.filter(({ topics }) => topics.some((topic) => sources.has(topic)));
}

function previousStandbys(sets: readonly TopicSet[], subscriptions: readonly Subscription[]): Standbys {
  return new Map(
    sets.map(({ id, topics, partitions }) => {
      const before = Array.from({ length: partitions }, (): string[] => []);
      for (const { member, standbys = {} } of subscriptions) {
        for (const partition of standbys[topics[0]!] ?? []) before[partition]?.push(member);
      }
      return [id, before];
    }),
  );
}

function standbysOf(member: string, sets: readonly TopicSet[], standbys: Standbys): PartitionsByTopic {
  const found = sets.flatMap(({ id, topics }) => {
    const partitions = (standbys.get(id) ?? []).flatMap((members, p) => (members.includes(member) ? [p] : []));
    return partitions.length === 0 ? [] : topics.map((topic) => [topic, partitions] as const);
  });
  return Object.fromEntries(found);
}

function partitionsOwned(member: string, sets: readonly TopicSet[], owners: Owners): readonly TopicPartition[] {
  return sets.flatMap(({ id, topics }) =>
    owners
      .get(id)!
      .flatMap((owner, partition) => (owner === member ? topics.map((topic) => ({ topic, partition })) : [])),
  );
}

function idOf(topics: readonly string[]): string {
  return topics.join(' ');
}

function note(notes: Map<string, string[]>, member: string, text: string): void {
  notes.set(member, [...(notes.get(member) ?? []), text]);
}

/** Whether an assignment was made for the topics that the member reads today. */
export function isForSets(notice: AssignmentNotice, topicSets: readonly (readonly string[])[]): boolean {
  return setsText(notice.topicSets) === setsText(topicSets);
}
