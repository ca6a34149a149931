import { HeadraceError } from '../../../errors.ts';
import type { GroupReset } from '../../log.ts';
import { type Cluster, isRefusal, refused } from '../cluster/cluster.ts';
import { Again, isUnavailable, retried } from '../cluster/retries.ts';
import { type LogReader, partitionUnknown } from '../fetch/log-reader.ts';
import { errorCodes, errorName, isTransient } from '../protocol/errors.ts';
import { listGroups } from '../protocol/requests/list-groups.ts';
import { offsetCommit } from '../protocol/requests/offset-commit.ts';

const TIMEOUT_MS = 30_000;

/** All groups that the brokers know, by name. */
export async function allGroups(cluster: Cluster): Promise<readonly string[]> {
  const { timing } = cluster;
  const options = { ...timing, until: timing.clock() + TIMEOUT_MS, requireOpen: () => cluster.requireOpen() };
  const found = await retried(
    async () => {
      const answers = await Promise.all(
        (await cluster.allNodes()).map((node) => cluster.send(node, 'main', listGroups())),
      );
      const wrong = answers.find(({ errorCode }) => errorCode !== 0)?.errorCode;
      if (wrong === undefined) return answers.flatMap(({ groups }) => groups.map(({ group }) => group));
      if (isTransient(wrong)) return new Again(errorName(wrong));
      throw refused('to list groups', wrong);
    },
    { ...options, what: 'to list groups' },
  );
  return [...new Set(found)].sort();
}

/** See Log.resetGroup, for the offsets. */
export async function resetOffsets(
  cluster: Cluster,
  reader: LogReader,
  group: string,
  { offsets }: GroupReset,
): Promise<void> {
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
  const { timing } = cluster;
  const message = offsetCommit({ group, generation: -1, memberId: '', instanceId: null, offsets });
  await retried(
    async () => {
      const node = await cluster.coordinator('group', group);
      const answer = await cluster.send(node, 'main', message).catch((error: unknown) => {
        if (isUnavailable(error)) cluster.forgetCoordinator('group', group);
        throw error;
      });
      const wrong = answer.partitions.find(({ errorCode }) => errorCode !== 0)?.errorCode;
      switch (wrong) {
        case undefined:
          return undefined;
        case errorCodes.UNKNOWN_MEMBER_ID:
        case errorCodes.ILLEGAL_GENERATION:
        case errorCodes.REBALANCE_IN_PROGRESS:
          throw new HeadraceError('COMMIT_REFUSED', `Group ${group} has members; stop them before it is reset`);
        default:
          if (isRefusal(wrong) || !isTransient(wrong)) throw refused(`to set offsets of group ${group}`, wrong);
          cluster.forgetCoordinator('group', group);
          return new Again(errorName(wrong));
      }
    },
    {
      ...timing,
      until: timing.clock() + TIMEOUT_MS,
      what: `to set offsets of group ${group}`,
      requireOpen: () => cluster.requireOpen(),
    },
  );
}
