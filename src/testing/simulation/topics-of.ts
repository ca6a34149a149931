import type { TopicConfig } from '../../log/log.ts';
import type { SimulationOptions } from './simulation-options.ts';

/** The topics that are there before a run begins: those that the topologies read and write, and those of the sink. */
export function topicsOf(
  { applications, topics, sinkTopics = [] }: SimulationOptions,
  partitions: number,
): readonly TopicConfig[] {
  const given = topics?.(partitions) ?? [];
  const known = new Set(given.map(({ name }) => name));
  const plans = applications.map(({ topology }) => topology.plan);
  const nodes = plans.flatMap(({ subTopologies, globalTables }) =>
    [...subTopologies, ...globalTables].flatMap((each) => [...each.sources, ...each.nodes]),
  );
  const named = nodes.flatMap((node) =>
    (node.kind === 'source' || node.kind === 'sink') && !node.topic.isInternal ? [node.topic.name] : [],
  );
  const missing = [...new Set([...named, ...sinkTopics])].filter((name) => !known.has(name)).sort();
  return [
    ...given,
    ...missing.map(
      (name): TopicConfig => ({ name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 }),
    ),
  ];
}
