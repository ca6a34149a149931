import type { StoreDefinition } from '../../state/store-definition.ts';
import type { Node } from './nodes.ts';
import { type PlannedNode, storesOf } from './plan.ts';

/** The parents whose records reach the node. The table of a stream-table join is read from its store: its changes call nobody. */
export function recordParents(node: PlannedNode): readonly PlannedNode[] {
  const parents = node.parents as readonly PlannedNode[];
  return isReadFromStore(node) ? parents.slice(0, 1) : parents;
}

/** The node's own stores, and those of the tables that it looks its rows up in, as Kafka Streams connects them. */
export function storesReachedBy(node: Node): readonly StoreDefinition[] {
  return [...new Set([...storesOf(node), ...tablesOf(node).flatMap(tableStores)])];
}

function isReadFromStore(node: Node): boolean {
  return node.kind === 'streamTableJoin' || node.kind === 'foreignKeyResponse';
}

function tablesOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'streamTableJoin':
    case 'foreignKeyJoin':
    case 'foreignKeyResponse':
      return node.parents.slice(1);
    case 'tableTableJoin':
      return node.parents;
    default:
      return [];
  }
}

/** Where the rows of a table stand: of one that keeps none itself, in what it is made of. */
function tableStores(table: Node): readonly StoreDefinition[] {
  const own = table.kind === 'suppress' ? [] : storesOf(table);
  return own.length > 0 ? own : table.parents.flatMap(tableStores);
}
