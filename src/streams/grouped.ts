import { HeadraceError } from '../errors.ts';
import { countSerde } from '../serde/count.ts';
import type { Serde } from '../serde/serde.ts';
import { type AggregateInput, addAggregate } from './add-aggregate.ts';
import type { CachedOption } from './cached.ts';
import { CogroupedKStream } from './cogrouped.ts';
import type { Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import { SessionWindowedKStream } from './session-windowed.ts';
import { KTable } from './table.ts';
import { TimeWindowedKStream } from './time-windowed.ts';
import type { Aggregator, Node } from './topology/nodes.ts';
import type { TtlOption } from './ttl.ts';
import type { GroupedInput } from './windowed-options.ts';
import { checkedWindows, type SessionWindows, type SlidingWindows, type TimeWindows } from './windows.ts';

/** How to group. `name` names the repartition topic, where one is needed. */
export interface Grouped<K, V> extends KnownSerdes<K, V> {
  readonly name?: string;
}

/** What an aggregate is stored as, begins with and does with each record. */
export interface AggregateOptions<K, V, A> extends CachedOption {
  /** Names the store. It becomes part of the state on disk: keep it. */
  readonly name: string;
  /** The aggregate of a key before its first record. */
  readonly initializer: () => A;
  /** Returns the new aggregate; null deletes it. Must not change `aggregate` in place. */
  readonly aggregator: (key: K, value: V, aggregate: A) => A | null;
  /** The serde of the aggregate. */
  readonly value: Serde<A>;
}

/** A stream grouped by its key. Records with a null key or value are skipped by all its methods. */
export class KGroupedStream<K, V> {
  readonly #graph: Graph;
  readonly #node: Node;
  readonly #repartitionName: string | undefined;
  readonly #serdes: KnownSerdes<K, V>;

  /** @internal */
  constructor(graph: Graph, node: Node, repartitionName: string | undefined, serdes: KnownSerdes<K, V>) {
    this.#graph = graph;
    this.#node = node;
    this.#repartitionName = repartitionName;
    this.#serdes = serdes;
  }

  /** The number of records of each key. */
  count(options: { readonly name: string } & CachedOption & TtlOption): KTable<K, number> {
    return this.aggregate({
      ...options,
      initializer: () => 0,
      aggregator: (_key, _value, count) => count + 1,
      value: countSerde,
    });
  }

  /** Combines the values of each key; the first one is taken as it is. */
  reduce(
    options: { readonly name: string; readonly reducer: (aggregate: V, value: V) => V | null } & CachedOption &
      TtlOption,
  ): KTable<K, V> {
    const value = this.#serdes.value;
    if (value === undefined) {
      throw new HeadraceError(
        'TOPOLOGY_INVALID',
        `reduce(${options.name}): the serde of the value is not known here; give it to groupByKey or groupBy`,
      );
    }
    const reducer = (_key: K, next: V, aggregate: V) => options.reducer(aggregate, next);
    return this.#aggregate('KSTREAM-REDUCE', options, undefined, reducer as never, value);
  }

  /** Folds the values of each key into an aggregate; every update is sent on, unless it is `cached`. */
  aggregate<A>(options: AggregateOptions<K, V, A> & TtlOption): KTable<K, A> {
    return this.#aggregate(
      'KSTREAM-AGGREGATE',
      options,
      options.initializer,
      options.aggregator as never,
      options.value,
    );
  }

  /** Windows of time beside the key: what is aggregated is each key in each window. */
  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V>;
  /** Sessions: records of a key between which no gap is too great. */
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V>;
  windowedBy(
    windows: TimeWindows | SlidingWindows | SessionWindows,
  ): TimeWindowedKStream<K, V> | SessionWindowedKStream<K, V> {
    const checked = checkedWindows(windows);
    const input = this.#input();
    return checked.kind === 'session'
      ? new SessionWindowedKStream(input, checked)
      : new TimeWindowedKStream(input, checked);
  }

  /**
   * Begins an aggregate of several streams with the same keys (KIP-150): each has its own way of adding to it.
   *
   * ```ts
   * const totals = debits.cogroup<bigint>((_key, debit, sum) => sum - debit.amount)
   *   .cogroup(credits, (_key, credit, sum) => sum + credit.amount)
   *   .aggregate({ name: 'totals', initializer: () => 0n, value: int64Serde });
   * ```
   */
  cogroup<A>(aggregator: (key: K, value: V, aggregate: A) => A | null): CogroupedKStream<K, A> {
    return new CogroupedKStream<K, A>([this.cogrouped(aggregator)]);
  }

  /** For {@link CogroupedKStream}. @internal */
  cogrouped<A>(aggregator: (key: K, value: V, aggregate: A) => A | null): AggregateInput {
    return { input: this.#input() as GroupedInput<unknown, unknown>, aggregator: aggregator as never };
  }

  #input(): GroupedInput<K, V> {
    const [graph, node] = [this.#graph, this.#node];
    return { graph, node, repartitionName: this.#repartitionName, serdes: this.#serdes };
  }

  #aggregate<A>(
    prefix: string,
    { name, cached = false, ttlMs }: { readonly name: string } & CachedOption & TtlOption,
    initializer: (() => unknown) | undefined,
    aggregator: Aggregator,
    value: Serde<A>,
  ): KTable<K, A> {
    const inputs = [{ input: this.#input() as GroupedInput<unknown, unknown>, aggregator }];
    const ttl = ttlMs === undefined ? {} : { ttlMs };
    const added = addAggregate({ inputs, prefix, name, value: value as Serde<unknown>, cached, ...ttl }, initializer);
    return new KTable<K, A>(this.#graph, added.node, { key: added.key as Serde<K>, value });
  }
}
