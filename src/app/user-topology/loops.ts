import { HeadraceError } from '../../errors.ts';
import type { TopicName } from '../../streams/topology/nodes.ts';
import type { Plan, PlannedNode } from '../../streams/topology/plan.ts';

/**
 * Refuses a topology in which a record can come back to where it was: it would go round for ever. `allowed` are the topics of loops that are
 * meant, as for a retry. Throws TOPOLOGY_INVALID, naming the way round.
 */
export function requireNoLoops({ subTopologies }: Pick<Plan, 'subTopologies'>, allowed: readonly string[]): void {
  const nodes = subTopologies.flatMap((each) => each.nodes);
  const isOpen = ({ name }: TopicName) => !allowed.includes(name);
  for (const source of nodes) {
    if (source.kind !== 'source' || source.topic.isInternal || !isOpen(source.topic)) continue;
    const way = wayBack(nodes, source.topic, isOpen);
    if (way === undefined) continue;
    const { name } = source.topic;
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `The topology reads topic ${name} and writes what comes of it into ${name} again, so that a record would go round for ever: ${way.join(' -> ')}. Write to another topic; if the loop ends by itself, as a retry does, say so: defineTopology({ loops: ['${name}'], … })`,
      { where: { topic: name } },
    );
  }
}

/** From a topic through operators and other topics back to it, by their names; the shortest. */
function wayBack(
  nodes: readonly PlannedNode[],
  start: TopicName,
  isOpen: (topic: TopicName) => boolean,
): readonly string[] | undefined {
  const seen = new Set<PlannedNode>();
  let ways = sourcesOf(nodes, start).map((node) => ({ node, names: [start.name, node.name] }));
  while (ways.length > 0) {
    const next: typeof ways = [];
    for (const { node, names } of ways) {
      if (node.kind === 'sink' && isSame(node.topic, start)) return [...names, start.name];
      for (const follower of followers(nodes, node, isOpen)) {
        if (seen.has(follower)) continue;
        seen.add(follower);
        next.push({ node: follower, names: [...names, follower.name] });
      }
    }
    ways = next;
  }
  return undefined;
}

function followers(
  nodes: readonly PlannedNode[],
  node: PlannedNode,
  isOpen: (topic: TopicName) => boolean,
): readonly PlannedNode[] {
  if (node.kind === 'sink') return isOpen(node.topic) ? sourcesOf(nodes, node.topic) : [];
  return nodes.filter(({ parents }) => parents.includes(node));
}

function sourcesOf(nodes: readonly PlannedNode[], topic: TopicName): readonly PlannedNode[] {
  return nodes.filter((node) => node.kind === 'source' && isSame(node.topic, topic));
}

function isSame(one: TopicName, other: TopicName): boolean {
  return one.name === other.name && one.isInternal === other.isInternal;
}
