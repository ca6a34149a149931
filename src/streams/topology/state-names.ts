import { HeadraceError, invariant } from '../../errors.ts';
import { checkName } from '../graph.ts';
import type { Node, NodeKind } from './nodes.ts';
import { storesOf } from './plan.ts';

/** Which operator of the DSL makes a node, and by which option its user names what becomes part of the state on disk. */
interface NamedBy {
  readonly operator: string;
  readonly option: string;
  /** Whether the node's own name is part of it: of a topic, of times that are kept, or of idempotency keys. Else only those of its stores are. */
  readonly isOwnName: boolean;
}

/** Nothing of it is on disk: a name is for `describe()` only, and may be generated. */
const FREE = undefined;

/** Closed over the kinds of nodes, so that a new kind does not compile without a decision. */
const NAMED_BY: Readonly<Record<NodeKind, NamedBy | undefined>> = {
  source: FREE,
  tableSource: { operator: 'table or globalTable', option: 'name', isOwnName: false },
  filter: FREE,
  map: FREE,
  flatMap: FREE,
  peek: FREE,
  merge: FREE,
  lateRecords: FREE,
  branch: FREE,
  repartition: {
    operator: 'repartition (also in front of groupByKey, groupBy, toTable and join)',
    option: 'name',
    isOwnName: true,
  },
  process: { operator: 'process', option: 'name, and that of each keyValueStore', isOwnName: true },
  callAsync: { operator: 'callAsync', option: 'name', isOwnName: true },
  aggregate: { operator: 'count, reduce or aggregate', option: 'name', isOwnName: false },
  toTable: { operator: 'toTable', option: 'name', isOwnName: false },
  tableFilter: FREE,
  tableMapValues: FREE,
  toStream: FREE,
  streamTableJoin: { operator: 'join with a graceMs', option: 'name', isOwnName: false },
  globalJoin: FREE,
  streamStreamJoin: { operator: 'join of two streams', option: 'name', isOwnName: false },
  groupTable: FREE,
  tableAggregate: { operator: 'count, reduce or aggregate of a grouped table', option: 'name', isOwnName: false },
  tableTableJoin: FREE,
  foreignKeySubscribe: FREE,
  foreignKeyJoin: { operator: 'joinOnForeignKey', option: 'name', isOwnName: false },
  foreignKeyResponse: FREE,
  windowAggregate: { operator: 'count, reduce or aggregate of windows', option: 'name', isOwnName: false },
  sessionAggregate: { operator: 'count, reduce or aggregate of sessions', option: 'name', isOwnName: false },
  suppress: { operator: 'suppress', option: 'name', isOwnName: false },
  sink: FREE,
};

/** What Graph.add makes where the user gave no name, such as KSTREAM-PROCESSOR-0000000003, and what is made of that. */
const GENERATED = /^[A-Z][A-Z-]*-\d{10}(-|$)/;

/**
 * Whatever becomes part of the state on disk, or of a topic's name, must have a name given by the user: a generated one
 * changes with every operator that is put before it, and the state under it would be lost. Throws TOPOLOGY_INVALID, naming
 * the operator and the option to give.
 */
export function checkStateNames(nodes: readonly Node[]): void {
  const names = new Set(nodes.map(({ name }) => name));
  for (const node of nodes) {
    const namedBy = NAMED_BY[node.kind];
    const stores = storesOf(node);
    if (namedBy === undefined) {
      invariant(stores.length === 0, `${node.kind} keeps state, and state-names.ts says that it needs no name`);
      continue;
    }
    if (namedBy.isOwnName) checkStateName(node.name, namedBy);
    for (const store of stores) checkStateName(store?.name, namedBy);
    if (node.kind === 'repartition') checkDerived(node.name, names);
  }
}

function checkStateName(name: unknown, { operator, option }: NamedBy): void {
  const refuse = (reason: string) =>
    new HeadraceError('TOPOLOGY_INVALID', `${operator}: ${reason}; give it one with the option ${option}`, {
      where: { operator: String(name) },
    });
  if (typeof name !== 'string' || name === '') {
    throw refuse('what it keeps on disk has no name');
  }
  if (GENERATED.test(name)) {
    throw refuse(`${name} is a generated name, which changes with the topology; what is on disk needs one that stays`);
  }
  checkName(name, operator);
  if (name.startsWith('__')) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${operator}: names that begin with "__" belong to the engine: ${name}`,
      { where: { operator: name } },
    );
  }
}

/** The plan puts a sink and a source in the place of a repartition, under names made from its own. */
function checkDerived(name: string, names: ReadonlySet<string>): void {
  for (const derived of [`${name}-repartition-sink`, `${name}-repartition-source`]) {
    if (!names.has(derived)) continue;
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `Two operators have the name ${derived}: one is yours, the other belongs to the repartition ${name}; name one of them differently`,
      { where: { operator: derived } },
    );
  }
}
