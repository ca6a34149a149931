import { HeadraceError } from '../errors.ts';
import { countSerde } from '../serde/count.ts';
import type { Serde } from '../serde/serde.ts';
import { type CachedOption, cachedOf } from './cached.ts';
import { checkName, type Graph } from './graph.ts';
import { rowChangeSerde } from './row-change.ts';
import { KTable } from './table.ts';
import type { Node } from './topology/nodes.ts';

/** How to group a table. Its rows always go through a repartition topic, which `name` names. */
export interface GroupedTable<K, V> {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/** What an aggregate of rows is stored as, begins with, and does with rows that come and go. */
export interface TableAggregateOptions<K, V, A> extends CachedOption {
  /** Names the store. It becomes part of the state on disk: keep it. */
  readonly name: string;
  /** The aggregate of a group before its first row. */
  readonly initializer: () => A;
  /** Puts a row in. Must not change `aggregate` in place; null deletes it. */
  readonly adder: (key: K, value: V, aggregate: A) => A | null;
  /** Takes a row out that the adder put in. */
  readonly subtractor: (key: K, value: V, aggregate: A) => A | null;
  /** The serde of the aggregate. */
  readonly value: Serde<A>;
}

/** A table grouped by another key: a row that changes is taken out of its group and put in again. */
export class KGroupedTable<K, V> {
  readonly #graph: Graph;
  readonly #node: Node;
  readonly #grouped: GroupedTable<K, V>;

  /** @internal */
  constructor(graph: Graph, node: Node, grouped: GroupedTable<K, V>) {
    this.#graph = graph;
    this.#node = node;
    this.#grouped = grouped;
  }

  /** The number of rows of each group. */
  count(options: { readonly name: string } & CachedOption): KTable<K, number> {
    return this.aggregate({
      ...options,
      initializer: () => 0,
      adder: (_key, _value, count) => count + 1,
      subtractor: (_key, _value, count) => count - 1,
      value: countSerde,
    });
  }

  /** Combines the rows of each group; the first one is taken as it is. */
  reduce(
    options: {
      readonly name: string;
      readonly adder: (aggregate: V, value: V) => V | null;
      readonly subtractor: (aggregate: V, value: V) => V | null;
    } & CachedOption,
  ): KTable<K, V> {
    return this.#aggregate(options, undefined, this.#grouped.value, {
      adder: (_key: K, value: V, aggregate: V) => options.adder(aggregate, value),
      subtractor: (_key: K, value: V, aggregate: V) => options.subtractor(aggregate, value),
    });
  }

  /** Folds the rows of each group into an aggregate; every update is sent on, unless it is `cached`. */
  aggregate<A>(options: TableAggregateOptions<K, V, A>): KTable<K, A> {
    return this.#aggregate(options, options.initializer, options.value, options);
  }

  #aggregate<A>(
    { name, cached = false }: { readonly name: string } & CachedOption,
    initializer: (() => A) | undefined,
    value: Serde<A>,
    { adder, subtractor }: Pick<TableAggregateOptions<K, V, A>, 'adder' | 'subtractor'>,
  ): KTable<K, A> {
    checkName(name, 'aggregate');
    const { key } = this.#grouped;
    const store = Object.freeze({
      kind: 'keyValue',
      name,
      key: key as Serde<unknown>,
      value: value as Serde<unknown>,
      timestamped: true,
    } as const);
    const node = this.#graph.add(
      {
        kind: 'tableAggregate',
        parents: [this.#node],
        store,
        initializer,
        adder: adder as never,
        subtractor: subtractor as never,
        ...cachedOf({ name, cached }),
      },
      'KTABLE-AGGREGATE',
      `${name}-aggregate`,
    );
    return new KTable<K, A>(this.#graph, node, { key, value });
  }
}

/** The rows of a table under their new keys, behind their repartition topic. */
export function groupedTable<K, V, K2, V2>(
  graph: Graph,
  table: Node,
  selector: (key: K, value: V) => readonly [K2, V2],
  grouped: GroupedTable<K2, V2>,
): KGroupedTable<K2, V2> {
  checkName(grouped.name, 'groupBy');
  if (grouped.key === undefined || grouped.value === undefined) {
    throw new HeadraceError('TOPOLOGY_INVALID', `groupBy(${grouped.name}): give the serdes of the new key and value`);
  }
  const key = grouped.key as Serde<unknown>;
  const selected = graph.add(
    { kind: 'groupTable', parents: [table], key, selector: selector as never },
    'KTABLE-SELECT',
    `${grouped.name}-select`,
  );
  const value = rowChangeSerde(grouped.value as Serde<unknown>) as Serde<unknown>;
  const node = graph.add(
    { kind: 'repartition', parents: [selected], key, value, partitions: undefined },
    'KTABLE-REPARTITION',
    grouped.name,
  );
  return new KGroupedTable(graph, node, grouped);
}
