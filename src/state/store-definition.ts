import type { Serde } from '../serde/serde.ts';

/**
 * A store that a topology declares. `timestamped` stores keep with each value the timestamp of the last record that
 * changed it (Kafka Streams' KIP-258); those of tables and aggregates are, those of `process` are not.
 */
export interface KeyValueStoreDefinition<K = unknown, V = unknown> {
  readonly kind: 'keyValue';
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  readonly timestamped: boolean;
}

/** Values under a key and a window's start: the store of aggregates over time windows and sliding windows. */
export interface WindowStoreDefinition<K = unknown, V = unknown> {
  readonly kind: 'window';
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** From a window's start to its end. */
  readonly windowMs: number;
  readonly retentionMs: number;
}

/** Values under a key and a session's start and end. */
export interface SessionStoreDefinition<K = unknown, V = unknown> {
  readonly kind: 'session';
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  readonly retentionMs: number;
}

/** What a suppress operator holds back. */
export interface SuppressStoreDefinition<K = unknown, V = unknown> {
  readonly kind: 'suppress';
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

export type StoreDefinition =
  | KeyValueStoreDefinition
  | WindowStoreDefinition
  | SessionStoreDefinition
  | SuppressStoreDefinition;

/** Declares a key-value store for {@link KStream.process}. The name becomes part of the state on disk: keep it. */
export function keyValueStore<K, V>(options: {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}): KeyValueStoreDefinition<K, V> {
  return Object.freeze({ kind: 'keyValue', ...options, timestamped: false });
}
