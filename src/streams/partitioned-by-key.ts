import { HeadraceError } from '../errors.ts';
import type { ExactSerde, Serde } from '../serde/serde.ts';
import { checkName, type Graph } from './graph.ts';
import type { Kind, Node } from './topology/nodes.ts';

/** Serdes, as far as they are known at a point of the stream. */
export interface KnownSerdes<K, V> {
  readonly key?: ExactSerde<K> | undefined;
  readonly value?: ExactSerde<V> | undefined;
}

/**
 * The node from which a stateful operator can read: equal keys are in one partition. Where an operator since the last
 * topic may have changed the key, a repartition is put between.
 */
export function partitionedByKey<K, V>(
  graph: Graph,
  node: Node,
  operator: string,
  name: string | undefined,
  serdes: KnownSerdes<K, V>,
): Node {
  if (!keyMayHaveChanged(node)) return node;
  if (name === undefined) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${operator} behind ${node.name}: the key was changed, so the records go through a repartition topic; give it a name with the option "name"`,
    );
  }
  checkName(name, operator);
  if (serdes.key === undefined || serdes.value === undefined) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${operator}(${name}): the records go through a repartition topic; give the serdes of key and value as options`,
    );
  }
  // A grouped stream that is aggregated twice goes through one topic.
  const shared = graph.nodes().find((each) => each.kind === 'repartition' && each.name === name);
  if (shared?.kind === 'repartition' && shared.parents[0] === node && hasSerdes(shared, serdes)) return shared;
  return graph.add(
    {
      kind: 'repartition',
      parents: [node],
      key: serdes.key as Serde<unknown>,
      value: serdes.value as Serde<unknown>,
      partitions: undefined,
    },
    'KSTREAM-REPARTITION',
    name,
  );
}

function hasSerdes<K, V>(repartition: Kind<'repartition'>, { key, value }: KnownSerdes<K, V>): boolean {
  return (repartition.key as unknown) === key && (repartition.value as unknown) === value;
}

function keyMayHaveChanged(node: Node): boolean {
  switch (node.kind) {
    case 'source':
    case 'tableSource':
    case 'repartition':
    case 'aggregate':
    case 'tableAggregate':
    case 'windowAggregate':
    case 'sessionAggregate':
    case 'toTable':
      return false;
    case 'map':
    case 'flatMap':
      if (node.changes !== 'value') return true;
      break;
    case 'process':
      if (node.changesKey) return true;
      break;
    default:
      break;
  }
  // Of a join only the stream's side (the first parent) gives the key; of a merge every parent does.
  const parents = node.kind === 'merge' ? node.parents : node.parents.slice(0, 1);
  return parents.some(keyMayHaveChanged);
}
