import type { Serde } from '../serde/serde.ts';
import type { ProcessStoreDefinition } from '../state/store-definition.ts';
import { addBranches } from './branches.ts';
import { cachedOf } from './cached.ts';
import { addCallAsync, type CallAsyncOptions } from './call-async.ts';
import type { GlobalKTable } from './global-table.ts';
import { checkName, checkSameGraph, type Graph } from './graph.ts';
import { type Grouped, KGroupedStream } from './grouped.ts';
import { type KnownSerdes, partitionedByKey } from './partitioned-by-key.ts';
import { addProcess, type ProcessOptions } from './process-options.ts';
import { requiredSerdes } from './required-serdes.ts';
import { addJoin, type JoinPartner, type StreamInput } from './stream-join.ts';
import type { StreamJoinOptions } from './stream-stream-join.ts';
import type { TableJoinOptions } from './stream-table-join.ts';
import { KTable } from './table.ts';
import { type TableOptions, tableStore } from './table-store.ts';
import type { Node } from './topology/nodes.ts';
import { ttlOf } from './ttl.ts';

export type { ProcessOptions } from './process-options.ts';

/** An option of operators that keep nothing. */
export interface Named {
  /** Names the operator in `describe()`, in errors and metrics. */
  readonly name?: string;
}

/**
 * A stream of records. Immutable: each method returns a new stream. Keys and values may be null in the log; the
 * functions of map and filter see them as they are, aggregates and joins skip records with a null key or value.
 */
export class KStream<K, V> {
  readonly #graph: Graph;
  readonly #node: Node;
  readonly #serdes: KnownSerdes<K, V>;

  /** @internal */
  constructor(graph: Graph, node: Node, serdes: KnownSerdes<K, V> = {}) {
    this.#graph = graph;
    this.#node = node;
    this.#serdes = { key: serdes.key, value: serdes.value };
  }

  /** Keeps the records for which the predicate is true. */
  filter(predicate: (key: K, value: V) => boolean, named: Named = {}): KStream<K, V> {
    return this.#filter(predicate, true, named);
  }

  /** Keeps the records for which the predicate is false. */
  filterNot(predicate: (key: K, value: V) => boolean, named: Named = {}): KStream<K, V> {
    return this.#filter(predicate, false, named);
  }

  /** A new key and value for each record. A stateful operator behind it gets a repartition topic. */
  map<K2, V2>(mapper: (key: K, value: V) => readonly [K2, V2], named: Named = {}): KStream<K2, V2> {
    return this.#map<K2, V2>('both', mapper as never, {}, 'KSTREAM-MAP', named);
  }

  /** A new value for each record; the key stays, and with it the partition. */
  mapValues<V2>(mapper: (value: V, key: K) => V2, named: Named = {}): KStream<K, V2> {
    const mapped = (key: K, value: V) => mapper(value, key);
    return this.#map<K, V2>('value', mapped as never, { key: this.#serdes.key }, 'KSTREAM-MAPVALUES', named);
  }

  /** A new key for each record. A stateful operator behind it gets a repartition topic. */
  selectKey<K2>(mapper: (key: K, value: V) => K2, named: Named & { readonly key?: Serde<K2> } = {}): KStream<K2, V> {
    const serdes = { key: named.key, value: this.#serdes.value };
    return this.#map<K2, V>('key', mapper as never, serdes, 'KSTREAM-KEY-SELECT', named);
  }

  /** Any number of records for each. */
  flatMap<K2, V2>(mapper: (key: K, value: V) => Iterable<readonly [K2, V2]>, named: Named = {}): KStream<K2, V2> {
    const node = { kind: 'flatMap', parents: [this.#node], changes: 'both', mapper: mapper as never } as const;
    return new KStream(this.#graph, this.#graph.add(node, 'KSTREAM-FLATMAP', named.name));
  }

  /** Any number of values for each record, under the same key. */
  flatMapValues<V2>(mapper: (value: V, key: K) => Iterable<V2>, named: Named = {}): KStream<K, V2> {
    const mapped = (key: K, value: V) => mapper(value, key);
    const node = { kind: 'flatMap', parents: [this.#node], changes: 'value', mapper: mapped as never } as const;
    return new KStream(this.#graph, this.#graph.add(node, 'KSTREAM-FLATMAPVALUES', named.name), {
      key: this.#serdes.key,
    });
  }

  /** Calls the action for each record; after an abort it may be called again for the same record. */
  peek(action: (key: K, value: V) => void, named: Named = {}): KStream<K, V> {
    const node = { kind: 'peek', parents: [this.#node], action: action as never } as const;
    return this.#same(this.#graph.add(node, 'KSTREAM-PEEK', named.name));
  }

  /** The records of both streams; each keeps its order, between them there is none. */
  merge(other: KStream<K, V>, named: Named = {}): KStream<K, V> {
    checkSameGraph(this.#graph, other.#graph, 'merge');
    return this.#same(
      this.#graph.add({ kind: 'merge', parents: [this.#node, other.#node] }, 'KSTREAM-MERGE', named.name),
    );
  }

  /**
   * Parts the stream: a record goes to the first branch whose predicate is true, or to `rest`.
   *
   * @typeParam B - Predicates by the names of the branches.
   *
   * ```ts
   * const { large, rest } = payments.split({ large: (_key, payment) => payment.amount > 1_000_00n });
   * ```
   */
  split<B extends Readonly<Record<string, (key: K, value: V) => boolean>>>(
    branches: B,
    named: Named = {},
  ): { readonly [Name in keyof B | 'rest']: KStream<K, V> } {
    const parts = addBranches(this.#graph, this.#node, branches as never, named.name);
    const streams = parts.map(([name, node]) => [name, this.#same(node)] as const);
    return Object.fromEntries(streams) as { readonly [Name in keyof B | 'rest']: KStream<K, V> };
  }

  /** Sends the stream through a topic of its own, so that equal keys meet in one partition. `partitions`: as many as the source has. */
  repartition(options: { readonly name: string; readonly partitions?: number } & KnownSerdes<K, V>): KStream<K, V> {
    checkName(options.name, 'repartition');
    const { key, value } = requiredSerdes(options, this.#serdes, `repartition(${options.name})`);
    const node = {
      kind: 'repartition',
      parents: [this.#node],
      key: key as Serde<unknown>,
      value: value as Serde<unknown>,
      partitions: options.partitions,
    } as const;
    return new KStream(this.#graph, this.#graph.add(node, 'KSTREAM-REPARTITION', options.name), { key, value });
  }

  /** Groups by the present key. `name` names the repartition topic, needed where the key was changed before. */
  groupByKey(grouped: Grouped<K, V> = {}): KGroupedStream<K, V> {
    const serdes = { key: grouped.key ?? this.#serdes.key, value: grouped.value ?? this.#serdes.value };
    return new KGroupedStream<K, V>(this.#graph, this.#node, grouped.name, serdes);
  }

  /** Groups by a new key, through a repartition topic named after `name`. */
  groupBy<K2>(
    mapper: (key: K, value: V) => K2,
    grouped: Grouped<K2, V> & { readonly name: string },
  ): KGroupedStream<K2, V> {
    return this.selectKey(mapper, grouped.key === undefined ? {} : { key: grouped.key }).groupByKey(grouped);
  }

  /** The newest value of each key. `name` names the store. Records with a null key are skipped, a null value deletes. */
  toTable(options: TableOptions & KnownSerdes<K, V>): KTable<K, V> {
    const { key, value } = requiredSerdes(options, this.#serdes, `toTable(${options.name})`);
    checkName(options.name, 'toTable');
    const store = tableStore(options, key as Serde<unknown>, value as Serde<unknown>);
    const stream = partitionedByKey(this.#graph, this.#node, 'toTable', options.name, { key, value });
    const node = this.#graph.add(
      { kind: 'toTable', parents: [stream], store, ...cachedOf(options), ...ttlOf(options, key as Serde<unknown>) },
      'KSTREAM-TOTABLE',
      `${options.name}-to-table`,
    );
    return new KTable<K, V>(this.#graph, node, { key, value });
  }

  /**
   * Joins each record with the table's value for its key as of now (of a versioned table: as of the record's time); without
   * one, or with a null key or value, the record is skipped.
   */
  join<T, R>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T, key: K) => R,
    joined?: TableJoinOptions<K, V>,
  ): KStream<K, R>;
  /** Each record with those of the other stream that have its key and lie within the window around its time. */
  join<V2, R>(
    other: KStream<K, V2>,
    joiner: (left: V, right: V2, key: K) => R,
    options: StreamJoinOptions<K, V, V2>,
  ): KStream<K, R>;
  /** Each record with the row of a global table that `keyOf` names; without one, or with a null value, the record is skipped. */
  join<GK, T, R>(
    table: GlobalKTable<GK, T>,
    keyOf: (key: K, value: V) => NoInfer<GK> | null,
    joiner: (value: V, tableValue: T, key: K) => R,
    named?: Named,
  ): KStream<K, R>;
  join<R>(partner: unknown, ...rest: readonly unknown[]): KStream<K, R> {
    return this.#join('inner', partner, rest);
  }

  /** As {@link join}, but a record without a table value is joined with null. */
  leftJoin<T, R>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T | null, key: K) => R,
    joined?: TableJoinOptions<K, V>,
  ): KStream<K, R>;
  /** As {@link join}; a record without a partner is joined with null, when its window and grace have passed. */
  leftJoin<V2, R>(
    other: KStream<K, V2>,
    joiner: (left: V, right: V2 | null, key: K) => R,
    options: StreamJoinOptions<K, V, V2>,
  ): KStream<K, R>;
  /** As {@link join}, but a record that names no row is joined with null. */
  leftJoin<GK, T, R>(
    table: GlobalKTable<GK, T>,
    keyOf: (key: K, value: V) => NoInfer<GK> | null,
    joiner: (value: V, tableValue: T | null, key: K) => R,
    named?: Named,
  ): KStream<K, R>;
  leftJoin<R>(partner: unknown, ...rest: readonly unknown[]): KStream<K, R> {
    return this.#join('left', partner, rest);
  }

  /** As {@link leftJoin}, for the records of either stream. */
  outerJoin<V2, R>(
    other: KStream<K, V2>,
    joiner: (left: V | null, right: V2 | null, key: K) => R,
    options: StreamJoinOptions<K, V, V2>,
  ): KStream<K, R> {
    return this.#join('outer', other, [joiner, options]);
  }

  /** The door for rules that no other operator expresses: a function with typed stores of its own. Counts as a change of key. */
  process<K2, V2, S extends Readonly<Record<string, ProcessStoreDefinition>> = Record<never, never>>(
    options: ProcessOptions<K, V, S, K2, V2>,
  ): KStream<K2, V2> {
    return this.#process(options, true);
  }

  /** As {@link process}, but what is forwarded keeps the record's key (PROCESSING_FAILED otherwise), and so the partition. */
  processValues<V2, S extends Readonly<Record<string, ProcessStoreDefinition>> = Record<never, never>>(
    options: ProcessOptions<K, V, S, K, V2>,
  ): KStream<K, V2> {
    return this.#process({ ...options, key: options.key ?? this.#serdes.key }, false);
  }

  /**
   * Asks somebody outside about each record and goes on with the answer, under the same key and in the order of the partition. Calls for different keys run side by
   * side, for one key one after another. What Pekko calls mapAsync partitioned by key, and Flink an orderedWait with retries; see docs/STREAMS.md.
   */
  callAsync<R, F = never>(options: CallAsyncOptions<K, V, R, F>): KStream<K, R | F> {
    const { node, key } = addCallAsync(this.#graph, this.#node, this.#serdes, options);
    return new KStream<K, R | F>(this.#graph, node, { key, value: options.result });
  }

  /** Writes the stream to a topic; the partition follows from the key (murmur2). */
  to(topic: string, produced: KnownSerdes<K, V> & Named = {}): void {
    const { key, value } = requiredSerdes(produced, this.#serdes, `to(${topic})`);
    const node = {
      kind: 'sink',
      parents: [this.#node],
      topic: { name: topic, isInternal: false },
      key: key as Serde<unknown>,
      value: value as Serde<unknown>,
    } as const;
    this.#graph.add(node, 'KSTREAM-SINK', produced.name);
  }

  #filter(predicate: (key: K, value: V) => boolean, keepWhen: boolean, named: Named): KStream<K, V> {
    const node = { kind: 'filter', parents: [this.#node], predicate: predicate as never, keepWhen } as const;
    return this.#same(this.#graph.add(node, 'KSTREAM-FILTER', named.name));
  }

  #map<K2, V2>(
    changes: 'key' | 'value' | 'both',
    mapper: (key: unknown, value: unknown) => unknown,
    serdes: KnownSerdes<K2, V2>,
    prefix: string,
    named: Named,
  ): KStream<K2, V2> {
    const node = this.#graph.add({ kind: 'map', parents: [this.#node], changes, mapper }, prefix, named.name);
    return new KStream(this.#graph, node, serdes);
  }

  #join<R>(kind: 'inner' | 'left' | 'outer', partner: unknown, rest: readonly unknown[]): KStream<K, R> {
    // The overloads have tied the types of partner, functions and options to each other.
    const other = partner instanceof KStream ? partner.input() : (partner as Exclude<JoinPartner, StreamInput>);
    const { node, key } = addJoin(this.input(), kind, other, rest);
    return new KStream<K, R>(this.#graph, node, { key: key as Serde<K> | undefined });
  }

  /** For the other classes of the DSL. @internal */
  input(): StreamInput {
    return { graph: this.#graph, node: this.#node, serdes: this.#serdes as KnownSerdes<unknown, unknown> };
  }

  #process<K2, V2, S extends Readonly<Record<string, ProcessStoreDefinition>>>(
    options: ProcessOptions<K, V, S, K2, V2>,
    changesKey: boolean,
  ): KStream<K2, V2> {
    const node = addProcess(this.#graph, this.#node, options, changesKey);
    return new KStream(this.#graph, node, { key: options.key, value: options.value });
  }

  #same(node: Node): KStream<K, V> {
    return new KStream(this.#graph, node, this.#serdes);
  }
}
