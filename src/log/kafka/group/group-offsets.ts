import { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import type { Message } from '../cluster/broker-connection.ts';
import { type Cluster, isRefusal, refused } from '../cluster/cluster.ts';
import { Again, isUnavailable, retried } from '../cluster/retries.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import { notCommitted } from '../producer/outcomes.ts';
import type { ProducerIdentity } from '../producer/transactional-producer.ts';
import { errorCodes, errorName } from '../protocol/errors.ts';
import { offsetFetch } from '../protocol/requests/offset-fetch.ts';
import { type OffsetWithMetadata, txnOffsetCommit } from '../protocol/requests/txn-offset-commit.ts';
import type { GroupIdentity } from './group-membership-options.ts';

/** How long stable offsets are waited for: an owner before us may have a transaction open up to its time, and the coordinator may move. */
export const STABLE_OFFSETS_TIMEOUT_MS = 120_000;

/**
 * The committed offsets of partitions, or of all that the group ever committed; those without one are left out. Waits while a transaction is
 * under way that has offsets of theirs in it (`require_stable`, KIP-447).
 */
export async function stableOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[] | null,
  requireWanted: () => void = () => {},
): Promise<readonly OffsetWithMetadata[]> {
  const answer = await retried(
    async () => {
      const answer = await sendToGroup(cluster, group, offsetFetch({ group, partitions, requireStable: true }));
      const codes = [answer.errorCode, ...answer.partitions.map(({ errorCode }) => errorCode)];
      const wrong = codes.find((code) => code !== 0);
      return wrong === undefined ? answer : againOrRefused(cluster, group, wrong, 'to tell committed offsets');
    },
    {
      ...cluster.timing,
      until: cluster.timing.clock() + STABLE_OFFSETS_TIMEOUT_MS,
      what: `to tell the committed offsets of group ${group}`,
      requireOpen: () => {
        cluster.requireOpen();
        requireWanted();
      },
    },
  );
  return answer.partitions
    .filter(({ offset }) => offset >= 0)
    .map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }));
}

/**
 * The committed offsets of all partitions that the group ever committed. Asked for all, a coordinator leaves out a partition whose first
 * offset is in a transaction that it has not finished yet, rather than to call it unstable: those of `written`, which this process knows to
 * have committed, are asked for by name then.
 */
export async function allStableOffsets(
  cluster: Cluster,
  group: string,
  written: readonly TopicPartition[],
): Promise<readonly OffsetWithMetadata[]> {
  const all = await stableOffsets(cluster, group, null);
  const known = new Set(all.map(({ topic, partition }) => partitionKey(topic, partition)));
  const missing = written.filter(({ topic, partition }) => !known.has(partitionKey(topic, partition)));
  return missing.length === 0 ? all : [...all, ...(await stableOffsets(cluster, group, missing))];
}

export interface OffsetFence {
  readonly cluster: Cluster;
  readonly group: string;
  readonly offsets: readonly OffsetWithMetadata[];
  /**
   * Who the member is now, once it knows what it owns; throws MEMBER_FENCED where partitions of the commit are not its own any more.
   */
  readonly identity: (until: number) => Promise<GroupIdentity>;
  /** Told when the coordinator does not know the member under this identity any more. */
  readonly onRefused: (identity: GroupIdentity) => void;
}

/**
 * The step of a commit that makes a zombie harmless: offsets go into the transaction with the member's identity, and the coordinator takes
 * them from a member of the present generation only (TxnOffsetCommit v3, KIP-447). Where the generation went on and the member kept its partitions, the
 * same transaction goes on under the new one.
 */
export async function fenceWithOffsets(
  fence: OffsetFence,
  producer: ProducerIdentity,
  until: number,
  onUnanswered: () => void,
): Promise<void> {
  const { cluster, group, offsets, identity, onRefused } = fence;
  const what = 'to commit offsets in a transaction';
  await retried(
    async () => {
      const member = await identity(until);
      const message = txnOffsetCommit({ ...producer, group, ...member, offsets });
      const answer = await sendToGroup(cluster, group, message).catch((error: unknown) => {
        onUnanswered();
        throw error;
      });
      const wrong = answer.partitions.find(({ errorCode }) => errorCode !== 0)?.errorCode;
      switch (wrong) {
        case undefined:
          return undefined;
        case errorCodes.ILLEGAL_GENERATION:
        case errorCodes.UNKNOWN_MEMBER_ID:
        case errorCodes.REBALANCE_IN_PROGRESS:
          onRefused(member);
          return new Again(errorName(wrong));
        case errorCodes.FENCED_INSTANCE_ID:
          onRefused(member);
          throw new HeadraceError('MEMBER_FENCED', `Another process has joined group ${group} as ${member.instanceId}`);
        default:
          return againOrRefused(cluster, group, wrong, what);
      }
    },
    { ...cluster.timing, until, what, requireOpen: () => cluster.requireOpen() },
  );
}

function againOrRefused(cluster: Cluster, group: string, errorCode: number, what: string): Again {
  switch (errorCode) {
    case errorCodes.NOT_COORDINATOR:
    case errorCodes.COORDINATOR_NOT_AVAILABLE:
      cluster.forgetCoordinator('group', group);
      return new Again(errorName(errorCode));
    case errorCodes.COORDINATOR_LOAD_IN_PROGRESS:
    case errorCodes.UNSTABLE_OFFSET_COMMIT:
    case errorCodes.UNKNOWN_TOPIC_OR_PARTITION:
    case errorCodes.REQUEST_TIMED_OUT:
      return new Again(errorName(errorCode));
    default:
      if (isRefusal(errorCode)) throw refused(what, errorCode);
      throw notCommitted(what, errorCode);
  }
}

/** Asks the group's coordinator; where it is lost, the next attempt looks for it anew. */
async function sendToGroup<Answer>(cluster: Cluster, group: string, message: Message<Answer>): Promise<Answer> {
  const node = await cluster.coordinator('group', group);
  return cluster.send(node, 'main', message).catch((error: unknown) => {
    if (isUnavailable(error)) cluster.forgetCoordinator('group', group);
    throw error;
  });
}
