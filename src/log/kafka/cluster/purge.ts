import { HeadraceError } from '../../../errors.ts';
import type { GroupOffset } from '../../log.ts';
import { errorCodes, errorName, isOfLeadership, isTransient } from '../protocol/errors.ts';
import { deleteRecords } from '../protocol/requests/delete-records.ts';
import { type Cluster, isRefusal, REQUEST_TIMEOUT_MS } from './cluster.ts';
import { Again, isUnavailable, retried } from './retries.ts';

/** When the last attempt begins: who purges comes again anyway. */
const PURGE_TIMEOUT_MS = 10_000;
/** How long a leader waits for its followers, on a connection where nobody else waits for it. */
const FOLLOWERS_TIMEOUT_MS = 5_000;

/**
 * What is as good as done: a leader that has deleted, and whose followers hear of it with one of their next fetches (REQUEST_TIMED_OUT); and
 * one whose high watermark lies before the offset, for a moment after an election or because it lost records. The fetch of those tells that.
 */
const DONE: ReadonlySet<number> = new Set([
  errorCodes.NONE,
  errorCodes.OFFSET_OUT_OF_RANGE,
  errorCodes.REQUEST_TIMED_OUT,
]);

/**
 * Deletes the records before these offsets (see Log.purge), at the leader of each partition. What one topic is refused does not keep the
 * others. Rejects with KAFKA_UNAVAILABLE (retriable) where a leader is away, KAFKA_REFUSED with what to grant.
 */
export async function purge(cluster: Cluster, offsets: readonly GroupOffset[]): Promise<void> {
  const waiting = new Map(offsets.map((each) => [keyOf(each), each]));
  const refused = new Map<string, number>();
  await retried(() => attempt(cluster, waiting, refused), {
    ...cluster.timing,
    until: cluster.timing.clock() + PURGE_TIMEOUT_MS,
    what: 'to delete what is consumed',
    requireOpen: () => cluster.requireOpen(),
  });
  if (refused.size > 0) throw notPurged(refused);
}

/** Takes out of `waiting` what is done or refused. */
async function attempt(
  cluster: Cluster,
  waiting: Map<string, GroupOffset>,
  refused: Map<string, number>,
): Promise<Again | undefined> {
  const byLeader = new Map<number, GroupOffset[]>();
  for (const [key, each] of [...waiting]) {
    const leader = await leaderOf(cluster, each);
    if (leader === undefined) waiting.delete(key);
    else byLeader.set(leader, [...(byLeader.get(leader) ?? []), each]);
  }
  let again: Again | undefined;
  const ask = async (leader: number, partitions: readonly GroupOffset[]) => {
    const request = deleteRecords({ partitions, timeoutMs: FOLLOWERS_TIMEOUT_MS });
    const answer = await cluster.send(leader, 'purge', request, REQUEST_TIMEOUT_MS);
    for (const { topic, partition, errorCode } of answer.partitions) {
      const isDone = DONE.has(errorCode);
      if (!isDone && (isTransient(errorCode) || isOfLeadership(errorCode))) {
        again = new Again(`${topic}-${partition}: ${errorName(errorCode)}`);
        await cluster.refresh([topic]);
        continue;
      }
      waiting.delete(keyOf({ topic, partition }));
      if (!isDone) refused.set(topic, errorCode);
    }
  };
  // One broker that is away does not keep the others.
  const asking = [...byLeader].map(([leader, partitions]) =>
    ask(leader, partitions).catch((error: unknown) => {
      if (!isUnavailable(error)) throw error;
      again = new Again(error.message);
    }),
  );
  await Promise.all(asking);
  if (waiting.size === 0) return undefined;
  return again ?? new Again('an answer lacks a partition');
}

/** Undefined for a partition that is gone: there is nothing to delete. */
async function leaderOf(cluster: Cluster, { topic, partition }: GroupOffset): Promise<number | undefined> {
  if (cluster.leader(topic, partition) < 0) await cluster.refresh([topic]);
  const known = await cluster.found(topic);
  return known === undefined || !(partition in known.leaders) ? undefined : cluster.leader(topic, partition);
}

function notPurged(refused: ReadonlyMap<string, number>): HeadraceError {
  const topics = [...refused].map(([topic, errorCode]) => `${topic} (${errorName(errorCode)})`).sort();
  const advice = [...refused.values()].some(isRefusal)
    ? 'give this user the right to DELETE on it (kafka-acls --operation Delete)'
    : 'its cleanup.policy must be "delete"';
  return new HeadraceError(
    'KAFKA_REFUSED',
    `Kafka refuses to delete what is consumed of topic ${topics.join(', ')}, which grows until then: ${advice}`,
    { where: { topic: [...refused.keys()].sort()[0]! } },
  );
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${partition} ${topic}`;
}
