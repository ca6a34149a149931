import { HeadraceError } from '../../../errors.ts';
import type { GroupReset } from '../../log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { Again, retried } from '../cluster/retries.ts';
import { type LogReader, partitionUnknown } from '../fetch/log-reader.ts';
import type { OutgoingPartition } from '../producer/partition-produce.ts';
import { TransactionalProducer } from '../producer/transactional-producer.ts';
import { encodeConsumerSubscription } from '../protocol/consumer-protocol.ts';
import { errorCodes, errorName, isTransient } from '../protocol/errors.ts';
import { joinGroup } from '../protocol/requests/join-group.ts';
import { leaveGroup } from '../protocol/requests/leave-group.ts';
import { syncGroup } from '../protocol/requests/sync-group.ts';
import type { OffsetWithMetadata } from '../protocol/requests/txn-offset-commit.ts';
import type { GroupIdentity } from './group-membership-options.ts';
import { PROTOCOL_NAME, PROTOCOL_TYPE } from './group-membership-options.ts';
import { fenceWithOffsets } from './group-offsets.ts';
import { refusedByGroup } from './group-refusals.ts';
import { encodeSubscription } from './subscription.ts';

export interface ResetOptions {
  readonly cluster: Cluster;
  readonly reader: LogReader;
  readonly group: string;
  readonly offsets: readonly OffsetWithMetadata[];
  /** What says in the changelogs that everything before it is gone. */
  readonly marks: readonly OutgoingPartition[];
}

const INSTANCE = 'reset';
const SESSION_TIMEOUT_MS = 10_000;
const TIMEOUT_MS = 30_000;

/**
 * Sets offsets and drops state in one transaction. It joins the group for that: whoever finds itself alone there commits under its
 * generation, and a member that joins meanwhile makes the commit fail, not the member. Throws COMMIT_REFUSED where there are others.
 */
export async function resetGroup({ cluster, group, offsets, marks }: ResetOptions): Promise<void> {
  const identity = await joinAlone(cluster, group);
  try {
    const producer = new TransactionalProducer({ cluster, transactionalId: `${group}/${INSTANCE}` });
    const fence = {
      cluster,
      group,
      offsets,
      identity: async () => identity,
      onRefused: () => {
        throw hasMembers(group);
      },
    };
    await producer.transact({
      parts: marks,
      group,
      fence: (sender, until, onUnanswered) => fenceWithOffsets(fence, sender, until, onUnanswered),
    });
  } finally {
    await leave(cluster, group, identity.memberId);
  }
}

/** Throws OFFSET_OUT_OF_RANGE, TOPIC_UNKNOWN, PARTITION_UNKNOWN. */
export async function checkReset(cluster: Cluster, reader: LogReader, { offsets }: GroupReset): Promise<void> {
  for (const { topic, partition } of offsets) {
    const { leaders } = await cluster.topic(topic);
    if (!(partition in leaders)) throw partitionUnknown(topic, partition, leaders.length);
  }
  const watermarks = await reader.watermarks(offsets);
  offsets.forEach(({ topic, partition, offset }, i) => {
    const { start, end } = watermarks[i]!;
    if (Number.isSafeInteger(offset) && offset >= start && offset <= end) return;
    throw new HeadraceError(
      'OFFSET_OUT_OF_RANGE',
      `Offset ${offset} of ${topic}-${partition} is not within ${start} to ${end}`,
      { where: { topic, partition, offset } },
    );
  });
}

async function joinAlone(cluster: Cluster, group: string): Promise<GroupIdentity> {
  const userData = encodeSubscription({
    member: INSTANCE,
    topicSets: [],
    owned: [],
    generation: -1,
    members: [],
    attempt: 0,
  });
  const { timing } = cluster;
  return retried(
    async () => {
      const node = await cluster.coordinator('group', group);
      const joined = await cluster.send(
        node,
        `group ${group} ${INSTANCE}`,
        joinGroup({
          group,
          sessionTimeoutMs: SESSION_TIMEOUT_MS,
          rebalanceTimeoutMs: SESSION_TIMEOUT_MS,
          memberId: '',
          instanceId: INSTANCE,
          protocolType: PROTOCOL_TYPE,
          protocols: [{ name: PROTOCOL_NAME, metadata: encodeConsumerSubscription({ topics: [], userData }) }],
        }),
        TIMEOUT_MS,
      );
      if (joined.errorCode !== 0) return again(cluster, group, joined.errorCode, 'to let the reset join');
      const { memberId, generation, members } = joined;
      if (joined.leader !== memberId || members.length > 1) {
        await leave(cluster, group, memberId);
        throw hasMembers(group);
      }
      const empty = { memberId, assignment: Buffer.alloc(0) };
      const synced = await cluster.send(
        node,
        `group ${group} ${INSTANCE}`,
        syncGroup({ group, generation, memberId, instanceId: INSTANCE, assignments: [empty] }),
      );
      if (synced.errorCode !== 0) return again(cluster, group, synced.errorCode, 'to reset');
      return { memberId, generation, instanceId: INSTANCE };
    },
    {
      ...timing,
      until: timing.clock() + TIMEOUT_MS,
      what: 'to reset a group',
      requireOpen: () => cluster.requireOpen(),
    },
  );
}

async function leave(cluster: Cluster, group: string, memberId: string): Promise<void> {
  const node = await cluster.coordinator('group', group);
  await cluster.send(node, 'main', leaveGroup({ group, members: [{ memberId, instanceId: INSTANCE }] }));
}

function again(cluster: Cluster, group: string, errorCode: number, what: string): Again {
  if (errorCode === errorCodes.REBALANCE_IN_PROGRESS || errorCode === errorCodes.UNKNOWN_MEMBER_ID)
    throw hasMembers(group);
  if (!isTransient(errorCode)) throw refusedByGroup(group, what, errorCode);
  cluster.forgetCoordinator('group', group);
  return new Again(errorName(errorCode));
}

function hasMembers(group: string): HeadraceError {
  return new HeadraceError('COMMIT_REFUSED', `Group ${group} has members; stop them before it is reset`);
}
