import { type Cluster, refused } from '../cluster/cluster.ts';
import { Again, retried } from '../cluster/retries.ts';
import { errorName, isTransient } from '../protocol/errors.ts';
import { listGroups } from '../protocol/requests/list-groups.ts';

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
