import type { Node } from '../../src/streams/topology/nodes.ts';
import type { Plan, SubTopology } from '../../src/streams/topology/plan.ts';
import type { Topology } from '../../src/streams/topology/topology.ts';

const CACHEABLE = new Set([
  'tableSource',
  'toTable',
  'aggregate',
  'tableAggregate',
  'windowAggregate',
  'sessionAggregate',
]);

/** The same topology with every table cached that can be, as Kafka Streams does where its cache has a size. */
export function withEveryTableCached({ plan }: Topology): Topology {
  const copies = new Map<Node, Node>();
  const copyOf = (node: Node): Node => {
    const known = copies.get(node);
    if (known !== undefined) return known;
    const parents = node.parents.map(copyOf);
    const copy = { ...node, parents, ...(isCacheable(node) ? { cached: true } : {}) } as Node;
    copies.set(node, copy);
    return copy;
  };
  const part = (each: SubTopology): SubTopology => ({
    ...each,
    nodes: each.nodes.map(copyOf) as SubTopology['nodes'],
    sources: each.sources.map(copyOf) as SubTopology['sources'],
  });
  return { plan: { ...plan, subTopologies: plan.subTopologies.map(part) } satisfies Plan } as unknown as Topology;
}

function isCacheable(node: Node): boolean {
  if (!CACHEABLE.has(node.kind)) return false;
  // The result of a foreign-key join, which has no option for it; the oracle does not store it.
  if (node.parents[0]?.kind === 'foreignKeyResponse') return false;
  const { emit, store } = node as { emit?: string; store?: { kind: string } };
  return emit !== 'onWindowClose' && store?.kind !== 'versioned';
}
