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

export type StoreDefinition = KeyValueStoreDefinition;

/** Declares a key-value store for {@link KStream.process}. The name becomes part of the state on disk: keep it. */
export function keyValueStore<K, V>(options: {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}): KeyValueStoreDefinition<K, V> {
  return Object.freeze({ kind: 'keyValue', ...options, timestamped: false });
}
