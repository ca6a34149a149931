import type { KeyValueStoreDefinition } from '../state/store-definition.ts';
import type { Graph } from './graph.ts';
import type { Node } from './topology/nodes.ts';

/**
 * A table that every worker has whole, whatever partitions it works on: for rows that records of any key need, such as rates or
 * branches. A stream is joined with it by any key. It has no changes to listen to. Immutable.
 */
export class GlobalKTable<K, V> {
  readonly #graph: Graph;
  readonly #store: KeyValueStoreDefinition<K, V>;

  /** @internal */
  constructor(graph: Graph, store: KeyValueStoreDefinition<K, V>) {
    this.#graph = graph;
    this.#store = store;
  }

  /** The name under which its rows are stored. */
  get name(): string {
    return this.#store.name;
  }

  /** For the other classes of the DSL. @internal */
  graph(): Graph {
    return this.#graph;
  }

  /** For the other classes of the DSL. @internal */
  store(): KeyValueStoreDefinition<K, V> {
    return this.#store;
  }
}

/** The node that joins each record of a stream with the row that `keyOf` names. */
export function addGlobalJoin(
  graph: Graph,
  stream: Node,
  table: GlobalKTable<unknown, unknown>,
  isLeft: boolean,
  keyOf: (key: unknown, value: unknown) => unknown,
  joiner: (left: unknown, right: unknown, key: unknown) => unknown,
  name: string | undefined,
): Node {
  return graph.add(
    { kind: 'globalJoin', parents: [stream], table: table.store(), isLeft, keyOf, joiner },
    isLeft ? 'KSTREAM-LEFTJOIN' : 'KSTREAM-JOIN',
    name,
  );
}
