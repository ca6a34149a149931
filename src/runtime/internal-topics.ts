import type { Log, TopicConfig } from '../log/log.ts';
import type { Plan } from '../streams/topology/plan.ts';
import { deadLetterTopic } from './dead-letter.ts';
import { resolvePartitions } from './partitions.ts';

/** Repartition topics are consumed by this application alone, and kept this long after intake. */
const REPARTITION_RETENTION_MS = 3_600_000;

/**
 * Creates the topics that the plan itself needs: repartition topics, and one for the dead letters of each source. Returns how
 * many partitions a topic of the log has. Throws as {@link resolvePartitions} does.
 */
export async function createInternalTopics(
  log: Log,
  plan: Plan,
  application: string,
): Promise<(topic: string) => number | undefined> {
  const existing = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  const resolved = resolvePartitions(plan, application, existing);
  const create: TopicConfig[] = plan.repartitionTopics.map(({ name }) => {
    const full = `${application}-${name}`;
    return {
      name: full,
      partitions: resolved.get(full)!,
      cleanup: 'delete',
      retentionMs: REPARTITION_RETENTION_MS,
      retentionBytes: -1,
    };
  });
  for (const [topic, partitions] of resolved) {
    const name = deadLetterTopic(topic);
    if (!existing.has(name)) create.push({ name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 });
  }
  await log.createTopics(create);
  const counts = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]));
  return (topic) => counts.get(topic);
}
