import { recordParents, storesReachedBy } from './edges.ts';
import type { Plan, PlannedNode, SubTopology } from './plan.ts';

/** Kafka Streams' `Topology.describe()` text, to the space, as its visualisers read it. */
export function describeAsText(plan: Plan): string {
  const parts = plan.subTopologies.map((part) => `  Sub-topology: ${part.id}\n${nodesOf(part)}\n`);
  // Only the others have an empty line behind them.
  const globals = plan.globalTables.map(
    (part, index) =>
      `  Sub-topology: ${parts.length + index} for global store (will not generate tasks)\n${nodesOf(part)}`,
  );
  return `Topologies:\n ${parts.join('')}${globals.join('')}`;
}

function nodesOf({ nodes }: SubTopology): string {
  const children = new Map<PlannedNode, PlannedNode[]>(nodes.map((node) => [node, []]));
  const parents = new Map(nodes.map((node) => [node, [...new Set(recordParents(node))] as readonly PlannedNode[]]));
  for (const node of nodes) for (const parent of parents.get(node)!) children.get(parent)!.push(node);
  const inOrder = orderBySize(nodes, children);
  const lines: string[] = [];
  for (const node of [...nodes].sort(inOrder)) {
    lines.push(`    ${head(node)}`);
    if (node.kind !== 'sink') lines.push(`      --> ${listed(children.get(node)!, inOrder)}`);
    if (node.kind !== 'source') lines.push(`      <-- ${listed(parents.get(node)!, inOrder)}`);
  }
  return `${lines.join('\n')}\n`;
}

function head(node: PlannedNode): string {
  if (node.kind === 'source') return `Source: ${node.name} (topics: [${node.topic.name}])`;
  if (node.kind === 'sink') return `Sink: ${node.name} (topic: ${node.topic.name})`;
  const stores = storesReachedBy(node).map(({ name }) => name);
  return `Processor: ${node.name} (stores: [${stores.join(', ')}])`;
}

type Order = (left: PlannedNode, right: PlannedNode) => number;

/** Kafka Streams' order: the most below it first (a node that is reached by two ways counts twice), then by name. */
function orderBySize(nodes: readonly PlannedNode[], children: ReadonlyMap<PlannedNode, readonly PlannedNode[]>): Order {
  const sizes = new Map<PlannedNode, number>();
  // Parents stand before children, so that backwards every child is known before its parents.
  for (const node of [...nodes].reverse()) {
    sizes.set(
      node,
      children.get(node)!.reduce((sum, child) => sum + sizes.get(child)!, 1),
    );
  }
  return (left, right) => sizes.get(right)! - sizes.get(left)! || (left.name < right.name ? -1 : 1);
}

function listed(nodes: readonly PlannedNode[], inOrder: Order): string {
  if (nodes.length === 0) return 'none';
  return [...nodes]
    .sort(inOrder)
    .map(({ name }) => name)
    .join(', ');
}
