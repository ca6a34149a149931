import type { TopicPartition } from '../../record.ts';
import { type Cluster, refused } from '../cluster/cluster.ts';
import { Again, retried, unavailable } from '../cluster/retries.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import { decodeConsumerAssignment, decodeConsumerSubscription } from '../protocol/consumer-protocol.ts';
import { errorName, isTransient } from '../protocol/errors.ts';
import { type DescribedGroup, describeGroups } from '../protocol/requests/describe-groups.ts';
import { decodeNotice, decodeSubscription } from './subscription.ts';

/** A member as its coordinator has it. */
export interface GroupOwner {
  /** Its name, which it keeps over restarts. */
  readonly member: string;
  /** What the coordinator calls it: another one after each restart. */
  readonly memberId: string;
  /** The generation of its assignment; undefined where a leader of an older release made that. */
  readonly generation: number | undefined;
  /** See Subscription.endpoint. */
  readonly endpoint: string | undefined;
}

/** Who owns what of a group. */
export interface GroupDescription {
  /** `nobody`: it has no members. `moving`: it is being rebalanced, and nothing is known of assignments. */
  readonly state: 'stable' | 'moving' | 'nobody';
  readonly owners: readonly GroupOwner[];
  /** By {@link partitionKey}. */
  readonly ownerOf: ReadonlyMap<string, GroupOwner>;
}

const TIMEOUT_MS = 10_000;

/**
 * A group as its coordinator has it now (DescribeGroups), also for those who are no members. Throws KAFKA_UNAVAILABLE, KAFKA_REFUSED where
 * this user may not describe the group, TOPIC_MISMATCH where a member is not of this application.
 */
export async function describedGroup(cluster: Cluster, group: string): Promise<GroupDescription> {
  const { timing } = cluster;
  const found = await retried(
    async () => {
      const node = await cluster.coordinator('group', group);
      const answer = await cluster.send(node, 'main', describeGroups([group])).catch((error: unknown) => {
        cluster.forgetCoordinator('group', group);
        throw error;
      });
      const described = answer[0];
      if (described === undefined) throw unavailable(`The coordinator says nothing of group ${group}`);
      if (described.errorCode === 0) return described;
      if (!isTransient(described.errorCode)) throw refused(`to describe group ${group}`, described.errorCode);
      cluster.forgetCoordinator('group', group);
      return new Again(errorName(described.errorCode));
    },
    {
      ...timing,
      until: timing.clock() + TIMEOUT_MS,
      requireOpen: () => cluster.requireOpen(),
      what: `to describe group ${group}`,
    },
  );
  return descriptionOf(found);
}

/** The names of a group's members, once it is not being rebalanced. Throws what {@link describedGroup} throws. */
export async function membersOf(cluster: Cluster, group: string): Promise<readonly string[]> {
  const { timing } = cluster;
  const { owners } = await retried(
    async () => {
      const description = await describedGroup(cluster, group);
      return description.state === 'moving' ? new Again('it is being rebalanced') : description;
    },
    { ...timing, until: timing.clock() + TIMEOUT_MS, what: `to describe group ${group}` },
  );
  return owners.map(({ member }) => member);
}

/** What the coordinator's answer says. Throws TOPIC_MISMATCH. */
export function descriptionOf({ group, state, members }: DescribedGroup): GroupDescription {
  const ownerOf = new Map<string, GroupOwner>();
  if (state === 'Empty' || state === 'Dead') return { state: 'nobody', owners: [], ownerOf };
  if (state !== 'Stable') return { state: 'moving', owners: [], ownerOf };
  const owners = members.map(({ memberId, metadata, assignment }): GroupOwner => {
    const { member, endpoint } = decodeSubscription(decodeConsumerSubscription(metadata).userData, group);
    const { partitions, userData } = decodeConsumerAssignment(assignment);
    const generation = userData === null ? undefined : decodeNotice(userData, group).generation;
    const owner = { member, memberId, generation, endpoint };
    for (const { topic, partition } of partitions) ownerOf.set(partitionKey(topic, partition), owner);
    return owner;
  });
  return { state: 'stable', owners, ownerOf };
}

/** The owner of a partition; undefined where nobody has it. */
export function ownerIn({ ownerOf }: GroupDescription, { topic, partition }: TopicPartition): GroupOwner | undefined {
  return ownerOf.get(partitionKey(topic, partition));
}
