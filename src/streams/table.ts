import type { Serde } from '../serde/serde.ts';
import { addForeignKeyJoin, type ForeignKeyJoinOptions } from './foreign-key-join.ts';
import { checkSameGraph, type Graph } from './graph.ts';
import { type GroupedTable, groupedTable, type KGroupedTable } from './grouped-table.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import { KStream, type Named } from './stream.ts';
import { addSuppress, type SuppressOptions, type SuppressUntilTimeLimit } from './suppress.ts';
import type { Node } from './topology/nodes.ts';
import type { Windowed } from './windows.ts';

/** A table: for each key the newest value, and a stream of its changes. Immutable. */
export class KTable<K, V> {
  readonly #graph: Graph;
  readonly #node: Node;
  readonly #serdes: KnownSerdes<K, V>;

  /** @internal */
  constructor(graph: Graph, node: Node, serdes: KnownSerdes<K, V>) {
    this.#graph = graph;
    this.#node = node;
    this.#serdes = { key: serdes.key, value: serdes.value };
  }

  /** The rows for which the predicate is true; a row that ceases to be one is deleted (null) downstream. */
  filter(predicate: (key: K, value: V) => boolean, named: Named = {}): KTable<K, V> {
    return this.#filter(predicate, true, named);
  }

  /** The rows for which the predicate is false. */
  filterNot(predicate: (key: K, value: V) => boolean, named: Named = {}): KTable<K, V> {
    return this.#filter(predicate, false, named);
  }

  /** A new value for each row; deletions stay deletions. */
  mapValues<V2>(mapper: (value: V, key: K) => V2, named: Named = {}): KTable<K, V2> {
    const mapped = (key: K, value: V) => mapper(value, key);
    const node = this.#graph.add(
      { kind: 'tableMapValues', parents: [this.#node], mapper: mapped as never },
      'KTABLE-MAPVALUES',
      named.name,
    );
    return new KTable(this.#graph, node, { key: this.#serdes.key });
  }

  /** The changes as a stream; a deletion is a null value. */
  toStream(named: Named = {}): KStream<K, V> {
    return new KStream<K, V>(
      this.#graph,
      this.#graph.add({ kind: 'toStream', parents: [this.#node] }, 'KTABLE-TOSTREAM', named.name),
      this.#serdes,
    );
  }

  /**
   * Groups the rows by another key, and takes another value of them. A row for which the selector gives a null key or
   * value is in no group. The rows go through a repartition topic.
   */
  groupBy<K2, V2>(
    selector: (key: K, value: V) => readonly [K2, V2],
    grouped: GroupedTable<K2, V2>,
  ): KGroupedTable<K2, V2> {
    return groupedTable(this.#graph, this.#node, selector, grouped);
  }

  /** The rows of both tables that have the same key. */
  join<V2, R>(other: KTable<K, V2>, joiner: (left: V, right: V2, key: K) => R, named: Named = {}): KTable<K, R> {
    return this.#join('inner', other, joiner as never, named);
  }

  /** Every row of this table, with the other's of the same key or null. */
  leftJoin<V2, R>(
    other: KTable<K, V2>,
    joiner: (left: V, right: V2 | null, key: K) => R,
    named: Named = {},
  ): KTable<K, R> {
    return this.#join('left', other, joiner as never, named);
  }

  /** Every row of either table, with the other's of the same key or null. */
  outerJoin<V2, R>(
    other: KTable<K, V2>,
    joiner: (left: V | null, right: V2 | null, key: K) => R,
    named: Named = {},
  ): KTable<K, R> {
    return this.#join('outer', other, joiner as never, named);
  }

  /**
   * The rows of this table, each with the row of the other that it points to: `foreignKeyOf` gives that row's key, null for
   * none (KIP-213). The two tables may have different numbers of partitions.
   */
  joinOnForeignKey<FK, V2, R>(
    other: KTable<FK, V2>,
    foreignKeyOf: (value: V, key: K) => FK | null,
    joiner: (left: V, right: V2, key: K) => R,
    options: ForeignKeyJoinOptions<K, V, FK, R, V2>,
  ): KTable<K, R> {
    return this.#joinOnForeignKey(false, other, foreignKeyOf as never, joiner as never, options);
  }

  /** As {@link joinOnForeignKey}, with null for a row that points to none. */
  leftJoinOnForeignKey<FK, V2, R>(
    other: KTable<FK, V2>,
    foreignKeyOf: (value: V, key: K) => FK | null,
    joiner: (left: V, right: V2 | null, key: K) => R,
    options: ForeignKeyJoinOptions<K, V, FK, R, V2>,
  ): KTable<K, R> {
    return this.#joinOnForeignKey(true, other, foreignKeyOf as never, joiner as never, options);
  }

  /**
   * Holds changes back until the window of their key has closed, or for a time, and sends the last of each key (KIP-328).
   * Only a windowed table has windows that close.
   *
   * ```ts
   * perHour.suppress({ name: 'final', kind: 'windowCloses' }).toStream().to('hours');
   * ```
   */
  suppress(options: K extends Windowed<unknown> ? SuppressOptions<K, V> : SuppressUntilTimeLimit<K, V>): KTable<K, V> {
    const { node, key, value } = addSuppress<K, V>(this.#graph, this.#node, this.#serdes, options);
    return new KTable<K, V>(this.#graph, node, { key, value });
  }

  /** For the other classes of the DSL. @internal */
  node(): Node {
    return this.#node;
  }

  /** For the other classes of the DSL. @internal */
  graph(): Graph {
    return this.#graph;
  }

  #joinOnForeignKey<FK, V2, R>(
    isLeft: boolean,
    other: KTable<FK, V2>,
    foreignKeyOf: (value: unknown, key: unknown) => unknown,
    joiner: (left: unknown, right: unknown, key: unknown) => unknown,
    { name, value, left, foreignKey, otherValue }: ForeignKeyJoinOptions<K, V, FK, R, V2>,
  ): KTable<K, R> {
    checkSameGraph(this.#graph, other.#graph, 'joinOnForeignKey');
    const own = { key: left?.key ?? this.#serdes.key, value: left?.value ?? this.#serdes.value };
    const node = addForeignKeyJoin(this.#graph, {
      left: { node: this.#node, serdes: own as KnownSerdes<unknown, unknown> },
      right: {
        node: other.#node,
        serdes: {
          key: foreignKey ?? other.#serdes.key,
          value: otherValue ?? other.#serdes.value,
        } as KnownSerdes<unknown, unknown>,
      },
      isLeft,
      foreignKeyOf,
      joiner,
      name,
      value: value as Serde<unknown>,
    });
    return new KTable<K, R>(this.#graph, node, { key: own.key, value });
  }

  #join<V2, R>(
    join: 'inner' | 'left' | 'outer',
    other: KTable<K, V2>,
    joiner: (left: unknown, right: unknown, key: unknown) => unknown,
    named: Named,
  ): KTable<K, R> {
    checkSameGraph(this.#graph, other.#graph, 'join');
    const node = this.#graph.add(
      { kind: 'tableTableJoin', parents: [this.#node, other.#node], join, joiner },
      `KTABLE-${join === 'inner' ? '' : join.toUpperCase()}JOIN`,
      named.name,
    );
    return new KTable<K, R>(this.#graph, node, { key: this.#serdes.key });
  }

  #filter(predicate: (key: K, value: V) => boolean, keepWhen: boolean, named: Named): KTable<K, V> {
    const node = this.#graph.add(
      { kind: 'tableFilter', parents: [this.#node], predicate: predicate as never, keepWhen },
      'KTABLE-FILTER',
      named.name,
    );
    return new KTable(this.#graph, node, this.#serdes);
  }
}
