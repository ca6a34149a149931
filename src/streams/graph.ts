import { HeadraceError } from '../errors.ts';
import type { Kind, Node, NodeKind } from './topology/nodes.ts';

type NewNode = { [K in NodeKind]: Omit<Kind<K>, 'id' | 'name'> }[NodeKind];

/** The nodes that one builder has collected. */
export interface Graph {
  /** Freezes and keeps a node. Without a name of the user's it gets one like Kafka Streams': `KSTREAM-FILTER-0000000003`. */
  add(node: NewNode, prefix: string, name?: string): Node;
  nodes(): readonly Node[];
}

export function newGraph(): Graph {
  const nodes: Node[] = [];
  return {
    add(node, prefix, name) {
      const id = nodes.length;
      if (name !== undefined) checkName(name, prefix);
      const named = Object.freeze({ ...node, id, name: name ?? `${prefix}-${String(id).padStart(10, '0')}` }) as Node;
      nodes.push(named);
      return named;
    },
    nodes: () => nodes,
  };
}

/** Throws TOPOLOGY_INVALID for two sides of an operator that were not made by one builder. */
export function checkSameGraph(one: Graph, other: Graph, operator: string): void {
  if (one !== other) {
    throw new HeadraceError('TOPOLOGY_INVALID', `${operator}: the two sides come from different builders`);
  }
}

/** Names become parts of topic and store names: Kafka's rule for a topic's name holds for them. */
export function checkName(name: string, what: string): void {
  if (typeof name !== 'string') {
    // From JavaScript, past the types; as text it would be a name, "undefined".
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${what} needs a name, for it becomes part of what is on disk; give it one with the option "name"`,
    );
  }
  if (name === '.' || name === '..' || !/^[A-Za-z0-9._-]{1,200}$/.test(name)) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${what}: the name ${JSON.stringify(name)} must be 1 to 200 characters out of letters, digits, ".", "_" and "-"`,
    );
  }
}
