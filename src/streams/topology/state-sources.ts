import { invariant } from '../../errors.ts';
import { recordParents } from './edges.ts';
import type { SourceNode } from './nodes.ts';
import { type PlannedNode, type SubTopology, storesOf } from './plan.ts';

/**
 * On which source each node of a sub-topology hangs, by the node's name: the first of the sources, in the plan's order, from whose
 * records one can reach the node. A source that is added behind it moves nothing.
 */
export function sourceOfNodes({ nodes, sources }: SubTopology): ReadonlyMap<string, SourceNode> {
  const place = new Map<PlannedNode, number>(sources.map((source, index) => [source, index]));
  for (const node of nodes) {
    if (place.has(node)) continue;
    const places = recordParents(node).map((parent) => place.get(parent) ?? Number.POSITIVE_INFINITY);
    place.set(node, Math.min(...places));
  }
  return new Map(
    nodes.map((node) => {
      const source = sources[place.get(node)!];
      invariant(source !== undefined, `${node.name} is reached by no source of its sub-topology`);
      return [node.name, source];
    }),
  );
}

/** The same for stores, by their names: one that several operators share hangs on the first source that reaches any of them. */
export function sourceOfStores(subTopology: SubTopology): ReadonlyMap<string, SourceNode> {
  const { nodes, sources } = subTopology;
  const sourceOf = sourceOfNodes(subTopology);
  const found = new Map<string, SourceNode>();
  for (const node of nodes) {
    const source = sourceOf.get(node.name)!;
    for (const { name } of storesOf(node)) {
      const other = found.get(name);
      if (other === undefined || sources.indexOf(source) < sources.indexOf(other)) found.set(name, source);
    }
  }
  return found;
}
