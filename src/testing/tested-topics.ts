import { deadLetterTopic } from '../runtime/dead-letter.ts';
import { planOfGlobals } from '../runtime/global-tables.ts';
import { idleTickTopic } from '../runtime/idle-tick.ts';
import { resolvePartitions, topicNamer } from '../runtime/partitions.ts';
import type { Plan } from '../streams/topology/plan.ts';
import type { MemoryTopics } from './memory-topics.ts';
import type { TopologyTestDriverOptions } from './topology-test-driver-options.ts';

/** All topics of a plan: those that it reads and writes, its own, and those of its dead letters and idle ticks. */
export function addTopics(
  topics: MemoryTopics,
  plan: Plan,
  options: TopologyTestDriverOptions,
  application: string,
): void {
  for (const { sources, nodes } of [...plan.subTopologies, ...plan.globalTables]) {
    const sinks = nodes.filter((node) => node.kind === 'sink');
    for (const { topic } of [...sources, ...sinks]) {
      if (!topic.isInternal) topics.add(topic.name, partitionsOf(topic.name, options));
    }
  }
  const globals = planOfGlobals(plan);
  for (const each of globals === undefined ? [plan] : [plan, globals]) {
    for (const [name, partitions] of resolvePartitions(each, application, topics.configs())) {
      topics.add(name, partitions);
      topics.add(deadLetterTopic(name), partitions);
    }
  }
  const nameOf = topicNamer(application);
  for (const subTopology of options.idleAfterMs === undefined ? [] : plan.subTopologies) {
    const partitions = topics.partitionsOf(nameOf(subTopology.sources[0]!.topic))!;
    topics.add(idleTickTopic(application, subTopology), partitions);
  }
}

function partitionsOf(topic: string, { partitions }: TopologyTestDriverOptions): number {
  if (typeof partitions === 'number') return partitions;
  return partitions !== undefined && Object.hasOwn(partitions, topic) ? partitions[topic]! : 1;
}
