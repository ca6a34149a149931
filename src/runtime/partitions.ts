import { HeadraceError } from '../errors.ts';
import type { TopicConfig } from '../log/log.ts';
import type { TopicName } from '../streams/topology/nodes.ts';
import type { Plan, SubTopology } from '../streams/topology/plan.ts';

/** The name of a topic in the log. Internal ones carry the application, as Kafka Streams names them. */
export function topicNamer(application: string): (topic: TopicName) => string {
  return (topic) => (topic.isInternal ? `${application}-${topic.name}` : topic.name);
}

/**
 * The number of partitions of every repartition topic, by its full name: what the user said, else that of the topics it
 * is joined with, else that of the widest source of the sub-topologies that write to it. Throws TOPIC_UNKNOWN for a
 * missing source and TOPOLOGY_INVALID where co-partitioned topics differ.
 */
export function resolvePartitions(
  plan: Plan,
  application: string,
  existing: ReadonlyMap<string, TopicConfig>,
): ReadonlyMap<string, number> {
  const nameOf = topicNamer(application);
  const resolved = new Map<string, number>();
  for (const subTopology of plan.subTopologies) {
    for (const source of subTopology.sources) {
      if (source.topic.isInternal) continue;
      const topic = existing.get(source.topic.name);
      if (topic === undefined) {
        throw new HeadraceError(
          'TOPIC_UNKNOWN',
          `The topology reads topic ${source.topic.name}, which does not exist; create it first`,
        );
      }
      resolved.set(topic.name, topic.partitions);
    }
  }
  for (const { name, partitions } of plan.repartitionTopics) {
    if (partitions !== undefined) resolved.set(`${application}-${name}`, partitions);
  }
  // A topic may hang on another that hangs on a third; each round settles at least one.
  for (let round = 0; round <= plan.repartitionTopics.length; round++) {
    for (const { name } of plan.repartitionTopics) {
      const full = `${application}-${name}`;
      if (resolved.has(full)) continue;
      const partitions = partnersOf(plan, full, nameOf, resolved) ?? writersOf(plan, full, nameOf, resolved);
      if (partitions !== undefined) resolved.set(full, partitions);
    }
  }
  for (const subTopology of plan.subTopologies) checkCoPartitioned(subTopology, nameOf, resolved);
  return resolved;
}

type NameOf = (topic: TopicName) => string;

function partnersOf(
  plan: Plan,
  topic: string,
  nameOf: NameOf,
  resolved: ReadonlyMap<string, number>,
): number | undefined {
  const reader = plan.subTopologies.find((each) => each.sources.some((source) => nameOf(source.topic) === topic));
  const known =
    reader?.sources.map((source) => resolved.get(nameOf(source.topic))).filter((count) => count !== undefined) ?? [];
  return known[0];
}

function writersOf(
  plan: Plan,
  topic: string,
  nameOf: NameOf,
  resolved: ReadonlyMap<string, number>,
): number | undefined {
  const writers = plan.subTopologies.filter((each) =>
    each.nodes.some((node) => node.kind === 'sink' && nameOf(node.topic) === topic),
  );
  const counts = writers.flatMap((each) => each.sources.map((source) => resolved.get(nameOf(source.topic))));
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function checkCoPartitioned(subTopology: SubTopology, nameOf: NameOf, resolved: ReadonlyMap<string, number>): void {
  const counts = subTopology.sources.map((source) => {
    const topic = nameOf(source.topic);
    const partitions = resolved.get(topic);
    if (partitions === undefined) {
      throw new HeadraceError(
        'TOPOLOGY_INVALID',
        `The number of partitions of ${topic} can't be derived (its writers read only it); give it with repartition({ partitions })`,
      );
    }
    return { topic, partitions };
  });
  if (new Set(counts.map(({ partitions }) => partitions)).size > 1) {
    const list = counts.map(({ topic, partitions }) => `${topic} has ${partitions}`).join(', ');
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `Sub-topology ${subTopology.id} reads topics that must have equally many partitions: ${list}`,
    );
  }
}
