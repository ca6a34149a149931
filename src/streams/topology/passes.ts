import { HeadraceError } from '../../errors.ts';
import type { StoreDefinition } from '../../state/store-definition.ts';
import { type DeclaredInvariant, withInvariants } from './invariants.ts';
import type { Kind, Node, SourceNode } from './nodes.ts';
import { type Plan, type PlannedNode, type RepartitionTopic, type SubTopology, storesOf } from './plan.ts';
import { checkStateNames } from './state-names.ts';

/** From the nodes of a builder to a plan, in passes. Throws TOPOLOGY_INVALID, naming what is wrong. */
export function planOf(nodes: readonly Node[], invariants: readonly DeclaredInvariant[] = []): Plan {
  checkNames(nodes);
  checkStateNames(nodes);
  checkStores(nodes);
  const { planned, repartitionTopics } = cutAtRepartitions(nodes);
  const parts = subTopologiesOf(planned);
  const [globals, others] = [parts.filter(isGlobalTable), parts.filter((part) => !isGlobalTable(part))];
  const subTopologies = withInvariants(numbered(others), invariants);
  return Object.freeze({ subTopologies, repartitionTopics, globalTables: numbered(globals) });
}

function isGlobalTable({ nodes }: SubTopology): boolean {
  return nodes.some((node) => node.kind === 'tableSource' && node.isGlobal === true);
}

function numbered(parts: readonly SubTopology[]): readonly SubTopology[] {
  return parts.map((part, id) => Object.freeze({ ...part, id }));
}

function checkNames(nodes: readonly Node[]): void {
  if (!nodes.some((node) => node.kind === 'source')) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      'The topology reads no topic; begin with builder.stream or builder.table',
    );
  }
  const seen = new Set<string>();
  for (const node of nodes) {
    const where = { operator: node.name };
    if (seen.has(node.name))
      throw new HeadraceError('TOPOLOGY_INVALID', `Two operators have the name ${node.name}`, { where });
    seen.add(node.name);
  }
}

function checkStores(nodes: readonly Node[]): void {
  const byName = new Map<string, StoreDefinition>();
  for (const node of nodes) {
    for (const store of storesOf(node)) {
      const other = byName.get(store.name);
      // Several processors may share one definition; two definitions under one name would mix their bytes.
      if (other !== undefined && other !== store) {
        throw new HeadraceError('TOPOLOGY_INVALID', `${node.name}: two stores have the name ${store.name}`, {
          where: { operator: node.name },
        });
      }
      byName.set(store.name, store);
    }
  }
}

/** Puts a sink and a source in the place of each repartition. */
function cutAtRepartitions(nodes: readonly Node[]): {
  readonly planned: readonly PlannedNode[];
  readonly repartitionTopics: readonly RepartitionTopic[];
} {
  const planned: PlannedNode[] = [];
  const repartitionTopics: RepartitionTopic[] = [];
  const replacement = new Map<Node, PlannedNode>();
  const keep = (node: PlannedNode): PlannedNode => {
    planned.push(Object.freeze(node));
    return node;
  };
  for (const node of nodes) {
    const parents = node.parents.map((parent) => replacement.get(parent)!);
    if (node.kind !== 'repartition') {
      replacement.set(node, keep({ ...node, id: planned.length, parents }));
      continue;
    }
    const { key, value } = node;
    const topic = { name: `${node.name}-repartition`, isInternal: true };
    repartitionTopics.push({ name: topic.name, partitions: node.partitions });
    keep({ kind: 'sink', id: planned.length, name: `${node.name}-repartition-sink`, parents, topic, key, value });
    const source = {
      kind: 'source',
      id: planned.length,
      name: `${node.name}-repartition-source`,
      parents: [],
      topic,
      key,
      value,
      timestampExtractor: undefined,
    } as const;
    replacement.set(node, keep(source));
  }
  return { planned, repartitionTopics };
}

/** Nodes belong together when an edge or a store connects them. */
function subTopologiesOf(nodes: readonly PlannedNode[]): readonly SubTopology[] {
  const groupOf = nodes.map((_, index) => index);
  const root = (index: number): number => (groupOf[index] === index ? index : root(groupOf[index]!));
  const join = (left: number, right: number) => {
    const [low, high] = [root(left), root(right)].sort((a, b) => a - b);
    groupOf[high!] = low!;
  };
  const userOfStore = new Map<string, number>();
  for (const node of nodes) {
    for (const parent of node.parents) join(parent.id, node.id);
    for (const store of storesOf(node)) {
      const other = userOfStore.get(store.name);
      if (other === undefined) userOfStore.set(store.name, node.id);
      else join(other, node.id);
    }
  }
  const groups = new Map<number, PlannedNode[]>();
  for (const node of nodes) {
    const members = groups.get(root(node.id));
    if (members === undefined) groups.set(root(node.id), [node]);
    else members.push(node);
  }
  return [...groups.values()].map((members, id) => {
    const stores = new Map(members.flatMap(storesOf).map((store) => [store.name, store]));
    const sources = members.filter((node): node is Kind<'source'> => node.kind === 'source') as readonly SourceNode[];
    return Object.freeze({ id, nodes: members, sources, stores: [...stores.values()], invariants: [] });
  });
}
