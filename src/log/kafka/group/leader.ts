import type { Cluster } from '../cluster/cluster.ts';
import { decodeConsumerSubscription, encodeConsumerAssignment } from '../protocol/consumer-protocol.ts';
import type { JoinGroupAnswer } from '../protocol/requests/join-group.ts';
import { assignGroup } from './group-assignor.ts';
import { decodeSubscription, encodeNotice } from './subscription.ts';

/**
 * What the leader of a group answers to its members' joins, for SyncGroup. It looks at the topics anew, for their numbers of partitions
 * decide. Throws TOPIC_MISMATCH where a member is not of this application.
 */
export async function leaderAssignments(
  cluster: Cluster,
  group: string,
  { members }: JoinGroupAnswer,
): Promise<readonly { readonly memberId: string; readonly assignment: Buffer }[]> {
  const subscriptions = members.map(({ memberId, metadata }) => ({
    memberId,
    subscription: decodeSubscription(decodeConsumerSubscription(metadata).userData, group),
  }));
  const topics = new Set(subscriptions.flatMap(({ subscription }) => subscription.topicSets.flat()));
  await cluster.refresh([...topics]);
  const assigned = assignGroup(
    subscriptions.map(({ subscription }) => subscription),
    (topic) => cluster.known(topic)?.leaders.length,
  );
  return subscriptions.map(({ memberId, subscription }) => {
    const { partitions, notice } = assigned.get(subscription.member)!;
    return { memberId, assignment: encodeConsumerAssignment({ partitions, userData: encodeNotice(notice) }) };
  });
}
