import type { StoreDefinition } from '../../state/store-definition.ts';
import type { PlannedInvariant } from './invariants.ts';
import type { Kind, Node, SourceNode } from './nodes.ts';

/** What the engine runs: plain data, made by the passes from the nodes of a builder. */
export interface Plan {
  readonly subTopologies: readonly SubTopology[];
  /** Topics that the plan itself needs. Without `partitions` it gets as many as the widest source before it. */
  readonly repartitionTopics: readonly RepartitionTopic[];
  /** Each a source and its table; a worker reads all of their partitions, whatever it is assigned. */
  readonly globalTables: readonly SubTopology[];
}

/** Nodes that hang together without a topic between. Its task p reads partition p of all its source topics. */
export interface SubTopology {
  readonly id: number;
  /** Parents before children. There is no `repartition` in it: that has become a sink and a source. */
  readonly nodes: readonly PlannedNode[];
  readonly sources: readonly SourceNode[];
  readonly stores: readonly StoreDefinition[];
  /** Checked for each of its records. They keep nothing: a plan with others finds all of its state. */
  readonly invariants: readonly PlannedInvariant[];
}

export type PlannedNode = Exclude<Node, Kind<'repartition'>>;

export interface RepartitionTopic {
  readonly name: string;
  readonly partitions: number | undefined;
}

/** The stores that a node reads or writes. */
export function storesOf(node: Node): readonly StoreDefinition[] {
  switch (node.kind) {
    case 'tableSource':
    case 'toTable':
    case 'aggregate':
      return node.ttl === undefined ? [node.store] : [node.store, node.ttl.index];
    case 'tableAggregate':
    case 'windowAggregate':
    case 'sessionAggregate':
    case 'suppress':
    case 'foreignKeyJoin':
      return [node.store];
    case 'streamTableJoin':
      return node.buffer === undefined ? [] : [node.buffer];
    case 'streamStreamJoin':
      return [node.leftStore, node.rightStore, ...(node.unjoined === undefined ? [] : [node.unjoined])];
    case 'process':
      return Object.values(node.stores);
    default:
      return [];
  }
}
