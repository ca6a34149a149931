import { TOPICS } from '../../topologies/account-ledger/topics.ts';
import type { Log } from '../log/log.ts';
import { IDEMPOTENCY_TOPIC } from './http/api/idempotency-keys.ts';
import { topicsOf } from './systems.ts';

/** Those that are missing, also after an update of Headrace, with as many partitions as there are, or `partitions` where there are none. */
export async function createMissingTopics(log: Log, partitions: number | undefined): Promise<void> {
  const existing = await log.topics();
  const present = existing.find(({ name }) => name === TOPICS.transactions)?.partitions;
  const known = new Set(existing.map(({ name }) => name));
  const wanted = [...topicsOf(present ?? partitions), IDEMPOTENCY_TOPIC];
  const missing = wanted.filter(({ name }) => !known.has(name));
  if (missing.length > 0) await log.createTopics(missing);
}
