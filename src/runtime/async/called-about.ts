import type { TopicName } from '../../streams/topology/nodes.ts';
import type { SubTopology } from '../../streams/topology/plan.ts';

/** The topics with requests of asynchronous operators among those that a sub-topology reads. */
export function topicsCalledAbout(
  { nodes }: Pick<SubTopology, 'nodes'>,
  nameOf: (topic: TopicName) => string,
): ReadonlySet<string> {
  const called = nodes.filter((node) => node.kind === 'callAsync');
  const sources = called.flatMap(({ parents }) => parents.filter((parent) => parent.kind === 'source'));
  return new Set(sources.map(({ topic }) => nameOf(topic)));
}
