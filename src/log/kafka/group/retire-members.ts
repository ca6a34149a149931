import type { Cluster } from '../cluster/cluster.ts';
import { Again, retried } from '../cluster/retries.ts';
import { errorCodes, errorName, isTransient } from '../protocol/errors.ts';
import { leaveGroup } from '../protocol/requests/leave-group.ts';
import { refusedByGroup } from './group-refusals.ts';

export interface RetireOptions {
  readonly cluster: Cluster;
  readonly group: string;
  /** As the group knows them: INSTANCE.MEMBER. */
  readonly members: readonly string[];
  /** Aborts what a member has open, by taking its transactional id. */
  readonly endTransactionOf: (member: string) => Promise<void>;
}

const TIMEOUT_MS = 10_000;

/**
 * For static members (KIP-345) whose processes are gone and do not come back under their names: they leave the group at once, where it
 * would wait for the end of their sessions, and what they have open is aborted. The second matters where everybody died together: whoever
 * is in the group then has not seen them and can't name them as gone. Members that are not there are none to retire. Rejects with
 * KAFKA_UNAVAILABLE, KAFKA_REFUSED.
 */
export async function retireMembers({ cluster, group, members, endTransactionOf }: RetireOptions): Promise<void> {
  const { timing } = cluster;
  await retried(
    async () => {
      const node = await cluster.coordinator('group', group);
      const leaving = members.map((instanceId) => ({ memberId: '', instanceId }));
      const answer = await cluster.send(node, 'main', leaveGroup({ group, members: leaving }));
      const codes = [answer.errorCode, ...answer.members.map(({ errorCode }) => errorCode)];
      const errorCode = codes.find((code) => code !== 0 && code !== errorCodes.UNKNOWN_MEMBER_ID);
      if (errorCode === undefined) return undefined;
      if (!isTransient(errorCode)) throw refusedByGroup(group, 'to let members leave', errorCode);
      cluster.forgetCoordinator('group', group);
      return new Again(errorName(errorCode));
    },
    {
      ...timing,
      until: timing.clock() + TIMEOUT_MS,
      what: 'to let members leave a group',
      requireOpen: () => cluster.requireOpen(),
    },
  );
  for (const member of members) await endTransactionOf(member);
}
