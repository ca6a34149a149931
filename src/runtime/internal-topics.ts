import type { Log, TopicConfig } from '../log/log.ts';
import type { Plan } from '../streams/topology/plan.ts';
import { topicsCalledAbout } from './async/called-about.ts';
import { deadLetterTopic } from './dead-letter.ts';
import { idleTickTopic } from './idle-tick.ts';
import { checkInternalNames, checkNotShared } from './internal-names.ts';
import { resolvePartitions, topicNamer } from './partitions.ts';

/**
 * Repartition topics are consumed by this application alone, and kept this long after intake, if it has committed behind them. A log that
 * would count from the records' own time, and delete what is not read yet, keeps them until they are purged.
 */
const REPARTITION_RETENTION_MS = 3_600_000;

/** What the tasks have to know of the topics. */
export interface KnownTopics {
  readonly partitionsOf: (topic: string) => number | undefined;
  /** The largest record that a topic takes, where that is less than every topic of ours does. */
  readonly recordBytesMaxOf: (topic: string) => number | undefined;
}

/**
 * Creates the topics that the plan itself needs: repartition topics, one for the dead letters of each source,
 * and where time is to pass in silence one for the ticks of each sub-topology. Returns what
 * the log tells of all topics. Throws as {@link resolvePartitions} does.
 */
export async function createInternalTopics(
  log: Log,
  plan: Plan,
  application: string,
  hasIdleTicks = false,
): Promise<KnownTopics> {
  checkInternalNames(plan, application, hasIdleTicks);
  await checkNotShared(log, plan, application);
  const existing = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  const resolved = resolvePartitions(plan, application, existing);
  const calledAbout = new Set(plan.subTopologies.flatMap((each) => [...topicsCalledAbout(each, ({ name }) => name)]));
  const create: TopicConfig[] = plan.repartitionTopics.map(({ name }) => {
    const full = `${application}-${name}`;
    return {
      name: full,
      partitions: resolved.get(full)!,
      cleanup: 'delete',
      // A callee may be away for longer than others need to read what is sent on.
      retentionMs: calledAbout.has(name) ? -1 : REPARTITION_RETENTION_MS,
      isPurged: true,
      retentionBytes: -1,
    };
  });
  for (const subTopology of hasIdleTicks ? plan.subTopologies : []) {
    const partitions = resolved.get(topicNamer(application)(subTopology.sources[0]!.topic))!;
    // Kept for ever: a replay needs them.
    const name = idleTickTopic(application, subTopology);
    create.push({ name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 });
  }
  for (const [topic, partitions] of resolved) {
    const name = deadLetterTopic(topic);
    if (!existing.has(name)) create.push({ name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 });
  }
  await log.createTopics(create);
  const topics = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  return {
    partitionsOf: (topic) => topics.get(topic)?.partitions,
    recordBytesMaxOf: (topic) => topics.get(topic)?.recordBytesMax,
  };
}
