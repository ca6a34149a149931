import { HeadraceError } from '../errors.ts';
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

/** Rows with their history (KIP-889). */
export interface VersionedStoreDefinition<K = unknown, V = unknown> {
  readonly kind: 'versioned';
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** How far back from the greatest timestamp the history can be read, milliseconds. */
  readonly historyMs: number;
}

/** The records of a stream that wait for their grace to pass (KIP-923). */
export interface JoinBufferDefinition<K = unknown, V = unknown> {
  readonly kind: 'joinBuffer';
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/** When each row of a table that has a ttl was updated last. */
export interface TtlIndexDefinition<K = unknown> {
  readonly kind: 'ttlIndex';
  readonly name: string;
  readonly key: Serde<K>;
}

/** The records of one side of a join of two streams, by key and time. */
export interface JoinWindowStoreDefinition<K = unknown, V = unknown> {
  readonly kind: 'joinWindow';
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** From the earliest to the latest partner of a record. */
  readonly windowMs: number;
  readonly retentionMs: number;
}

/** The records of a left or outer join of two streams that have no partner yet. */
export interface UnjoinedStoreDefinition<K = unknown, L = unknown, R = unknown> {
  readonly kind: 'unjoined';
  readonly name: string;
  readonly key: Serde<K>;
  readonly left: Serde<L>;
  readonly right: Serde<R>;
}

export type StoreDefinition =
  | KeyValueStoreDefinition
  | WindowStoreDefinition
  | SessionStoreDefinition
  | SuppressStoreDefinition
  | VersionedStoreDefinition
  | JoinBufferDefinition
  | TtlIndexDefinition
  | JoinWindowStoreDefinition
  | UnjoinedStoreDefinition;

/** Declares a key-value store for {@link KStream.process}. The name becomes part of the state on disk: keep it. */
export function keyValueStore<K, V>(options: {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}): KeyValueStoreDefinition<K, V> {
  return Object.freeze({ kind: 'keyValue', ...options, timestamped: false });
}

/** What a processor can keep its state in. */
export type ProcessStoreDefinition<K = unknown, V = unknown> =
  | KeyValueStoreDefinition<K, V>
  | WindowStoreDefinition<K, V>
  | SessionStoreDefinition<K, V>
  | VersionedStoreDefinition<K, V>;

/** Declares a store of values by key and window, which are kept for `retentionMs` of the processor's stream time. */
export function windowStore<K, V>(options: {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  readonly windowMs: number;
  readonly retentionMs: number;
}): WindowStoreDefinition<K, V> {
  checkTime(options.name, 'windowMs', options.windowMs);
  checkTime(options.name, 'retentionMs', options.retentionMs);
  return Object.freeze({ kind: 'window', ...options });
}

/** Declares a store of values by key and session, which are kept for `retentionMs` of the processor's stream time. */
export function sessionStore<K, V>(options: {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  readonly retentionMs: number;
}): SessionStoreDefinition<K, V> {
  checkTime(options.name, 'retentionMs', options.retentionMs);
  return Object.freeze({ kind: 'session', ...options });
}

/** Declares a store of rows with their history (KIP-889). */
export function versionedStore<K, V>(options: {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  readonly historyMs: number;
}): VersionedStoreDefinition<K, V> {
  checkTime(options.name, 'historyMs', options.historyMs);
  return Object.freeze({ kind: 'versioned', ...options });
}

function checkTime(store: string, option: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new HeadraceError('TOPOLOGY_INVALID', `store ${store}: ${option} must be whole milliseconds, not ${value}`);
}
