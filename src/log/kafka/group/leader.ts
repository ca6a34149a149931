import { HeadraceError } from '../../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { decodeConsumerSubscription, encodeConsumerAssignment } from '../protocol/consumer-protocol.ts';
import type { JoinGroupAnswer } from '../protocol/requests/join-group.ts';
import { assignGroup } from './group-assignor.ts';
import { decodeSubscription, encodeNotice, type Subscription } from './subscription.ts';

export interface LeaderOptions {
  readonly cluster: Cluster;
  readonly group: string;
  readonly joined: JoinGroupAnswer;
  readonly onFault: (error: HeadraceError) => void;
}

/**
 * What the leader of a group answers to its members' joins, for SyncGroup. It looks at the topics anew, for their numbers of partitions
 * decide. Throws TOPIC_MISMATCH where a member is not of this application.
 */
export async function leaderAssignments({
  cluster,
  group,
  joined,
  onFault,
}: LeaderOptions): Promise<readonly { readonly memberId: string; readonly assignment: Buffer }[]> {
  const subscriptions = joined.members.map(({ memberId, metadata }) => ({
    memberId,
    subscription: decodeSubscription(decodeConsumerSubscription(metadata).userData, group),
  }));
  const mixed = mixedTopologies(
    group,
    subscriptions.map(({ subscription }) => subscription),
  );
  if (mixed !== undefined) onFault(mixed);
  const topics = new Set(subscriptions.flatMap(({ subscription }) => subscription.topicSets.flat()));
  await cluster.refresh([...topics]);
  const assigned = assignGroup(
    subscriptions.map(({ subscription }) => subscription),
    (topic) => cluster.known(topic)?.leaders.length,
  );
  return subscriptions.map(({ memberId, subscription }) => {
    const { partitions, notice } = assigned.get(subscription.member)!;
    const userData = encodeNotice({ ...notice, generation: joined.generation });
    return { memberId, assignment: encodeConsumerAssignment({ partitions, userData }) };
  });
}

/** What is to be told where members run different topologies; undefined where they do not. */
export function mixedTopologies(group: string, subscriptions: readonly Subscription[]): HeadraceError | undefined {
  const membersOf = new Map<string, string[]>();
  for (const { topologyId, member } of subscriptions) {
    if (topologyId !== undefined) membersOf.set(topologyId, [...(membersOf.get(topologyId) ?? []), member]);
  }
  if (membersOf.size < 2) return undefined;
  const list = [...membersOf.values()].map((members) => members.sort().join(', ')).sort();
  return new HeadraceError(
    'TOPOLOGY_CHANGED',
    `Members of group ${group} run different topologies: ${list.join(' | ')}. That is right while a changed topology is rolled out; otherwise two applications have one name: give each its own`,
  );
}
