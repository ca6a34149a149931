import type { Serde } from '../serde/serde.ts';
import { addGlobalJoin, GlobalKTable } from './global-table.ts';
import { checkSameGraph, type Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import { addStreamStreamJoin, type StreamJoinOptions } from './stream-stream-join.ts';
import { addStreamTableJoin, type TableJoinOptions } from './stream-table-join.ts';
import { KTable } from './table.ts';
import type { Node } from './topology/nodes.ts';

/** A stream as the other files of the DSL take it over. */
export interface StreamInput {
  readonly graph: Graph;
  readonly node: Node;
  readonly serdes: KnownSerdes<unknown, unknown>;
}

/** What a stream can be joined with. */
export type JoinPartner = StreamInput | KTable<unknown, unknown> | GlobalKTable<unknown, unknown>;

type JoinKind = 'inner' | 'left' | 'outer';
type KeyOf = (key: unknown, value: unknown) => unknown;
type Joiner = (left: unknown, right: unknown, key: unknown) => unknown;

/**
 * Joins a stream with whatever its partner is. `rest` is what the user gave behind the partner: a joiner and options, and for a
 * global table the function that names its row before them.
 */
export function addJoin(
  left: StreamInput,
  kind: JoinKind,
  partner: JoinPartner,
  rest: readonly unknown[],
): { readonly node: Node; readonly key: Serde<unknown> | undefined } {
  const isLeft = kind === 'left';
  if (partner instanceof GlobalKTable) {
    checkSameGraph(left.graph, partner.graph(), 'join');
    const [keyOf, joiner, named] = rest as [KeyOf, Joiner, { readonly name?: string } | undefined];
    const node = addGlobalJoin(left.graph, left.node, partner, isLeft, keyOf, joiner, named?.name);
    return { node, key: left.serdes.key };
  }
  if (partner instanceof KTable) {
    checkSameGraph(left.graph, partner.graph(), 'join');
    const [joiner, options = {}] = rest as [Joiner, TableJoinOptions<unknown, unknown> | undefined];
    return addStreamTableJoin(left.graph, left, partner.node(), isLeft, joiner, options);
  }
  checkSameGraph(left.graph, partner.graph, 'join');
  const [joiner, options] = rest as [Joiner, StreamJoinOptions<unknown, unknown, unknown>];
  return addStreamStreamJoin(left.graph, left, partner, kind, joiner, options);
}
