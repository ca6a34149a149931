import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import { cachedOf } from './cached.ts';
import { GlobalKTable } from './global-table.ts';
import { type Graph, newGraph } from './graph.ts';
import {
  declaredInvariant,
  type InvariantInputs,
  type InvariantOptions,
  type InvariantStores,
  type InvariantTopics,
} from './invariant.ts';
import { KStream } from './stream.ts';
import { KTable } from './table.ts';
import { type TableOptions, tableStore } from './table-store.ts';
import { type DeclaredInvariant, refused } from './topology/invariants.ts';
import type { Partitioning, TimestampExtractor } from './topology/nodes.ts';
import { Topology } from './topology/topology.ts';
import { ttlOf } from './ttl.ts';

/** How to read a topic. */
export interface Consumed<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** Names the source in `describe()`. */
  readonly name?: string;
  /** Event time instead of the log's timestamp (design D7). */
  readonly timestampExtractor?: TimestampExtractor<K, V>;
  /**
   * Says that a key's records all lie in the partition that Kafka's murmur2 gives it, and has the engine hold producers to
   * it: a record that lies elsewhere becomes a dead letter (PARTITION_MISMATCH), for the state of its key is in another task.
   * Without it any partition is right, as in Kafka Streams. Records with a null key may lie anywhere.
   */
  readonly partitionedBy?: Partitioning;
}

/**
 * Where a topology begins. It opens nothing and reads no clock: it collects frozen nodes, and `build` makes a plan of
 * them.
 *
 * ```ts
 * const builder = new StreamsBuilder();
 * builder.stream('words', { key: stringSerde, value: stringSerde })
 *   .groupBy((_key, word) => word, { name: 'by-word', key: stringSerde, value: stringSerde })
 *   .count({ name: 'counts' })
 *   .toStream()
 *   .to('word-counts', { key: stringSerde, value: countSerde });
 * const topology = builder.build();
 * ```
 */
export class StreamsBuilder {
  readonly #graph: Graph = newGraph();
  readonly #invariants: DeclaredInvariant[] = [];

  /** The records of a topic, each a fact of its own. */
  stream<K, V>(topic: string, consumed: Consumed<K, V>): KStream<K, V> {
    return new KStream<K, V>(this.#graph, this.#source(topic, consumed), consumed);
  }

  /**
   * A topic as a table: each record replaces the one before it with the same key, a null value deletes. Records with a
   * null key are skipped. `name` names the store.
   */
  table<K, V>(topic: string, consumed: Consumed<K, V> & TableOptions): KTable<K, V> {
    return new KTable<K, V>(this.#graph, this.#tableSource(topic, consumed, false).node, consumed);
  }

  /**
   * A topic as a table that every worker has whole. `name` names the store. Its worker reads it to the end before it processes
   * anything else, and follows it from then on: which of two versions of a row a record meets is a matter of time, not of order.
   */
  globalTable<K, V>(topic: string, consumed: Consumed<K, V> & { readonly name: string }): GlobalKTable<K, V> {
    return new GlobalKTable<K, V>(this.#graph, this.#tableSource(topic, consumed, true).store as never);
  }

  /**
   * Declares what must be true of every record, checked inside its savepoint when it has gone through all operators: a breach undoes
   * it whole (INVARIANT_BREACHED, with the name). Throws TOPOLOGY_INVALID, here or when the topology is built.
   *
   * ```ts
   * builder.invariant('legs-sum-to-zero', {
   *   topics: { postings: { key: stringSerde, value: postingSerde } },
   *   holds: ({ forwarded }) => {
   *     const sum = forwarded.postings.reduce((total, { value }) => total + (value?.minor ?? 0n), 0n);
   *     return sum === 0n || `they sum to ${sum}`;
   *   },
   * });
   * ```
   *
   * @typeParam I - Streams that are read, by names of the user's: what came in.
   * @typeParam T - Serdes of topics that are written, by the topics' names: what was forwarded.
   * @typeParam S - Key-value stores and tables, by names of the user's: which entries changed, before and after.
   */
  invariant<
    I extends InvariantInputs = Readonly<Record<never, never>>,
    T extends InvariantTopics = Readonly<Record<never, never>>,
    S extends InvariantStores = Readonly<Record<never, never>>,
  >(name: string, options: InvariantOptions<I, T, S>): void {
    const declared = declaredInvariant(this.#graph, name, options);
    if (this.#invariants.some((each) => each.name === name)) {
      throw refused(name, 'another invariant has this name; errors and metrics could not tell them apart');
    }
    this.#invariants.push(declared);
  }

  /** Checks the graph and makes the plan. Throws TOPOLOGY_INVALID, naming the operator or the invariant. */
  build(): Topology {
    return new Topology(this.#graph.nodes(), this.#invariants);
  }

  #tableSource<K, V>(topic: string, consumed: Consumed<K, V> & TableOptions, isGlobal: boolean) {
    const { name: _storeName, historyMs: _history, ...source } = consumed;
    const parent = this.#source(topic, source);
    const store = tableStore(consumed, consumed.key as Serde<unknown>, consumed.value as Serde<unknown>);
    const node = this.#graph.add(
      {
        kind: 'tableSource',
        parents: [parent],
        store,
        ...(isGlobal ? { isGlobal } : { ...cachedOf(consumed), ...ttlOf(consumed, consumed.key as Serde<unknown>) }),
      },
      'KTABLE-SOURCE',
    );
    return { node, store };
  }

  #source<K, V>(topic: string, consumed: Consumed<K, V>) {
    for (const node of this.#graph.nodes()) {
      if (node.kind === 'source' && node.topic.name === topic) {
        throw new HeadraceError(
          'TOPOLOGY_INVALID',
          `Topic ${topic} is read twice; read it once and use the stream in both places`,
        );
      }
    }
    return this.#graph.add(
      {
        kind: 'source',
        parents: [],
        topic: { name: topic, isInternal: false },
        key: consumed.key as Serde<unknown>,
        value: consumed.value as Serde<unknown>,
        timestampExtractor: consumed.timestampExtractor as TimestampExtractor | undefined,
        partitionedBy: consumed.partitionedBy,
      },
      'KSTREAM-SOURCE',
      consumed.name,
    );
  }
}
