import { topicNamer } from '../../runtime/partitions.ts';
import type { Serde } from '../../serde/serde.ts';
import type { LoadedTopology } from './loaded-topology.ts';

export interface TopicSerdes {
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
}

/** Topics that a topology reads and writes, with the serdes that it does so by; internal ones have their name in the log. */
export interface KnownTopics {
  readonly serdes: ReadonlyMap<string, TopicSerdes>;
  /** What others write: the sources, and those of global tables. */
  readonly inputs: readonly string[];
  /** What it writes for others. */
  readonly outputs: readonly string[];
  /** All sources, repartition topics too: each has dead letters of its own. */
  readonly sources: readonly string[];
}

export function knownTopicsOf({
  topology,
  application,
}: Pick<LoadedTopology, 'topology' | 'application'>): KnownTopics {
  const nameOf = topicNamer(application);
  const parts = [...topology.plan.subTopologies, ...topology.plan.globalTables];
  const sinks = parts.flatMap(({ nodes }) => nodes.filter((node) => node.kind === 'sink'));
  const sources = parts.flatMap((part) => part.sources);
  const serdes = new Map<string, TopicSerdes>();
  // Where a topic is written and read, what reads it knows best what is in it.
  for (const { topic, key, value } of [...sinks, ...sources]) serdes.set(nameOf(topic), { key, value });
  const external = (nodes: typeof sinks | typeof sources) => [
    ...new Set(nodes.flatMap(({ topic }) => (topic.isInternal ? [] : [topic.name]))),
  ];
  const outputs = external(sinks);
  return {
    serdes,
    inputs: external(sources),
    outputs,
    sources: sources.map(({ topic }) => nameOf(topic)),
  };
}
