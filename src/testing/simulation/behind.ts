import type { SimulatedMemory } from '../../log/simulated/simulated-memory.ts';
import { topicNamer } from '../../runtime/partitions.ts';
import { SIMULATED_SINK } from './simulated-process.ts';
import type { SimulationOptions } from './simulation-options.ts';

/** A partition that somebody has not read to its end, in words; undefined where there is nothing left to do. */
export function behindIn(
  { applications, sinkTopics = [] }: SimulationOptions,
  memory: SimulatedMemory,
): string | undefined {
  for (const { application, topology } of applications) {
    const nameOf = topicNamer(application);
    const sources = topology.plan.subTopologies.flatMap((each) => each.sources);
    for (const { topic } of sources) {
      const behind = behindOf(memory, application, nameOf(topic));
      if (behind !== undefined) return behind;
    }
  }
  for (const topic of sinkTopics) {
    const behind = behindOf(memory, SIMULATED_SINK, topic);
    if (behind !== undefined) return behind;
  }
  return undefined;
}

function behindOf(memory: SimulatedMemory, group: string, topic: string): string | undefined {
  if (!memory.configs().some(({ name }) => name === topic)) return `${topic} does not exist`;
  for (const { watermarks } of memory.topic(topic)) {
    const { partition, start, end } = watermarks;
    const offset = memory.committedOffset(group, { topic, partition }) ?? start;
    if (offset < end) return `${group} stands at ${offset} of ${topic}-${partition}, which ends at ${end}`;
  }
  return undefined;
}
