import type { KeyValueStoreDefinition, StoreDefinition } from '../state/store-definition.ts';
import { checkName, checkSameGraph, type Graph } from './graph.ts';
import type { RecordContext } from './processor.ts';
import { KStream } from './stream.ts';
import { KTable } from './table.ts';
import {
  type DeclaredInvariant,
  type InvariantRecord,
  type InvariantStore,
  type OnBreach,
  refused,
  type TopicSerdes,
} from './topology/invariants.ts';
import type { Node } from './topology/nodes.ts';

/** Streams as `builder.stream` or `repartition` returned them, under names of the user's. */
export type InvariantInputs = Readonly<Record<string, AnyStream>>;
/** Serdes of topics that the topology writes, under the topics' names. */
export type InvariantTopics = Readonly<Record<string, TopicSerdes>>;
/** Key-value stores of `process`, and tables that keep their rows, under names of the user's. */
export type InvariantStores = Readonly<Record<string, KeyValueStoreDefinition | AnyTable>>;

/** A stream of any types: none of them has the types of all others. */
type AnyStream = Pick<KStream<unknown, unknown>, 'input'>;
type AnyTable = Pick<KTable<unknown, unknown>, 'node' | 'graph'>;

type NoParts = Readonly<Record<never, never>>;

/**
 * What a record has done, still inside its savepoint. One object is reused for all records: read it in the call, and keep what it
 * returns rather than the view. What is not asked for is not decoded.
 */
export interface InvariantView<I = NoParts, T = NoParts, S = NoParts> {
  /** Where the record comes from; undefined behind a punctuation or an idle tick, which have none. */
  readonly record: RecordContext | undefined;
  /** The record that was processed, under the stream that it came from; undefined under the others. */
  readonly inputs: {
    readonly [Name in keyof I]: I[Name] extends KStream<infer K, infer V> ? InvariantRecord<K, V> | undefined : never;
  };
  /** What was forwarded to each topic, in order. */
  readonly forwarded: {
    readonly [Topic in keyof T]: T[Topic] extends TopicSerdes<infer K, infer V>
      ? readonly InvariantRecord<K, V>[]
      : never;
  };
  /** What changed in each store, and what is in it. */
  readonly stores: {
    readonly [Name in keyof S]: S[Name] extends KeyValueStoreDefinition<infer K, infer V>
      ? InvariantStore<K, V>
      : S[Name] extends KTable<infer K, infer V>
        ? InvariantStore<K, V>
        : never;
  };
}

/** What an invariant looks at, and what must be true of it. At least one topic or store is needed. */
export interface InvariantOptions<I, T, S> {
  /** Streams as `builder.stream` or `repartition` returned them: where the record comes from, and what it is. */
  readonly inputs?: I;
  /** Serdes by the names of topics that operators write with `to`: what the record forwarded there. */
  readonly topics?: T;
  /** Key-value stores of `process`, and tables that keep rows of their own: what the record changed, and any other entry. */
  readonly stores?: S;
  /**
   * `deadLetter` (the default): the record fails as one does whose operator throws, with INVARIANT_BREACHED: its error handler is
   * asked, and buries it unless told otherwise. `fail`: the worker ends, whatever the handler would say.
   */
  readonly onBreach?: OnBreach;
  /**
   * Called for each record that the sub-topology has processed, and behind punctuations, idle ticks and updates of cached tables
   * that changed or forwarded what is named. True, or what is wrong. It must change nothing, and answers at once. What it throws
   * fails the record with PROCESSING_FAILED.
   */
  readonly holds: (view: InvariantView<I, T, S>) => true | string;
}

/** Throws TOPOLOGY_INVALID for what can't be an invariant; where its parts are is seen when the topology is built. */
export function declaredInvariant<I, T, S>(
  graph: Graph,
  name: string,
  options: InvariantOptions<I, T, S>,
): DeclaredInvariant {
  if (typeof name !== 'string') throw refused(String(name), 'the name is missing; errors and metrics call it by that');
  checkName(name, 'invariant');
  const { onBreach = 'deadLetter', holds } = options;
  const inputs = Object.entries(options.inputs ?? {});
  const topics = Object.entries(options.topics ?? {}) as readonly (readonly [string, TopicSerdes])[];
  const stores = Object.entries(options.stores ?? {});
  if (typeof holds !== 'function') throw refused(name, 'holds must be a function that returns true, or what is wrong');
  if (onBreach !== 'deadLetter' && onBreach !== 'fail') {
    throw refused(name, `onBreach must be deadLetter or fail, not ${String(onBreach)}`);
  }
  if (topics.length + stores.length === 0) throw refused(name, 'name at least one topic or store that it looks at');
  for (const [topic, serdes] of topics) {
    if ([serdes?.key, serdes?.value].some((serde) => typeof serde?.deserialize !== 'function')) {
      throw refused(name, `topic ${topic} needs the serdes of its key and value`);
    }
  }
  return Object.freeze({
    name,
    onBreach,
    inputs: Object.fromEntries(inputs.map(([alias, stream]) => [alias, sourceOf(graph, name, alias, stream)])),
    topics: Object.fromEntries(topics),
    stores: Object.fromEntries(stores.map(([alias, store]) => [alias, storeOf(graph, name, alias, store)])),
    // The one cast: the DSL has checked the types, the engine moves unknown values.
    holds: holds as DeclaredInvariant['holds'],
  });
}

function sourceOf(graph: Graph, invariant: string, alias: string, stream: unknown): string {
  if (!(stream instanceof KStream)) throw refused(invariant, `input ${alias} must be a stream`);
  const { graph: other, node } = stream.input();
  checkSameGraph(graph, other, `invariant(${invariant})`);
  if (node.kind === 'source') return node.name;
  if (node.kind === 'repartition') return `${node.name}-repartition-source`;
  throw refused(
    invariant,
    `input ${alias} must be a stream as builder.stream or repartition returned it, for that is what is read; ${node.name} has changed it`,
  );
}

function storeOf(graph: Graph, invariant: string, alias: string, store: unknown): KeyValueStoreDefinition {
  if (store instanceof KTable) {
    checkSameGraph(graph, store.graph(), `invariant(${invariant})`);
    return keyValue(invariant, alias, rowsOf(store.node()));
  }
  return keyValue(invariant, alias, (store ?? {}) as StoreDefinition);
}

/** Where a table keeps its rows; undefined for one that keeps none itself. */
function rowsOf(node: Node): StoreDefinition | undefined {
  switch (node.kind) {
    case 'tableSource':
    case 'toTable':
    case 'aggregate':
    case 'tableAggregate':
    case 'windowAggregate':
    case 'sessionAggregate':
      return node.store;
    default:
      return undefined;
  }
}

function keyValue(invariant: string, alias: string, store: StoreDefinition | undefined): KeyValueStoreDefinition {
  if (store?.kind === 'keyValue') return store;
  if (store === undefined) {
    throw refused(
      invariant,
      `${alias} is a table that keeps no rows of its own; name the table that it is made of, or keep it with toStream().toTable(…)`,
    );
  }
  const what = typeof store.kind === 'string' ? `of kind ${store.kind}` : 'no store of a record';
  throw refused(
    invariant,
    `${alias} is ${what}; an invariant looks at key-value stores, and at tables that are not global and have neither windows nor a history`,
  );
}
