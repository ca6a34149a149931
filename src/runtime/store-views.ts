import type { CommittedPartition } from '../log/log.ts';
import { partitionFor } from '../log/partitioner.ts';
import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from '../state/binary-string.ts';
import { SerdeKeyValueStore } from '../state/key-value-store.ts';
import { SessionStore } from '../state/session-store.ts';
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreDefinition,
  VersionedStoreDefinition,
  WindowStoreDefinition,
} from '../state/store-definition.ts';
import { TimestampedStore } from '../state/timestamped-store.ts';
import { type Version, VersionedStore } from '../state/versioned-store.ts';
import { type WindowEntry, WindowStore } from '../state/window-store.ts';
import type { Window, Windowed } from '../state/windowed.ts';
import { WriteBuffer } from '../state/write-buffer.ts';

/** Rows that one call returns where it names no limit. */
export const QUERY_ROWS_MAX = 10_000;

/** A store and where its committed partitions are. */
export interface QueriedStore<D extends StoreDefinition> {
  readonly definition: D;
  readonly partitions: number;
  readonly committed: (partition: number) => CommittedPartition;
}

/** A row. The timestamp (milliseconds since 1970) is the store's: one that a `process` keeps for itself has none. */
export interface QueriedRow<K, V> {
  readonly key: K;
  readonly value: V;
  readonly timestamp?: number;
}

export interface KeyRange<K> {
  /** Included. Keys are in the order of their serialised bytes. */
  readonly from?: K;
  /** Not included. */
  readonly to?: K;
  readonly limit?: number;
}

export interface TimeRange {
  /** Milliseconds since 1970, both included. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
}

export class KeyValueView<K, V> {
  readonly #store: QueriedStore<KeyValueStoreDefinition<K, V>>;

  constructor(store: QueriedStore<KeyValueStoreDefinition<K, V>>) {
    this.#store = store;
  }

  /** The row, or null. */
  get(key: K): QueriedRow<K, V> | null {
    for (const buffer of likeliestFirst(this.#store, key)) {
      const row = rowIn(this.#store.definition, buffer, key);
      if (row !== null) return row;
    }
    return null;
  }

  /** Rows of all partitions with from <= key < to, in the order of the serialised keys. */
  range({ from, to, limit = QUERY_ROWS_MAX }: KeyRange<K> = {}): readonly QueriedRow<K, V>[] {
    const { definition } = this.#store;
    const [least, beyond] = [binaryOf(definition.key, from), binaryOf(definition.key, to)];
    const found = allOf(this.#store).flatMap((buffer) =>
      first(limit, buffer.range(least, beyond)).map(([binary]) => ({ binary, buffer })),
    );
    found.sort((left, right) => compare(left.binary, right.binary));
    return found.slice(0, limit).map(({ binary, buffer }) => {
      return rowIn(definition, buffer, definition.key.deserialize(fromBinaryString(binary)))!;
    });
  }
}

export class WindowView<K, V> {
  readonly #store: QueriedStore<WindowStoreDefinition<K, V>>;

  constructor(store: QueriedStore<WindowStoreDefinition<K, V>>) {
    this.#store = store;
  }

  /** The windows of a key that begin in from..to, in the order of their starts. */
  fetch(key: K, { from = 0, to = LAST_TIME, limit = QUERY_ROWS_MAX }: TimeRange = {}): readonly WindowEntry<V>[] {
    return firstFound(this.#store, key, (buffer) =>
      first(limit, new WindowStore(this.#store.definition, buffer).fetch(key, from, to)),
    );
  }

  /** The windows of all keys that begin in from..to, in the order of their starts. */
  fetchAll({
    from = 0,
    to = LAST_TIME,
    limit = QUERY_ROWS_MAX,
  }: TimeRange = {}): readonly QueriedRow<Windowed<K>, V>[] {
    const found = allOf(this.#store).flatMap((buffer) =>
      first(limit, new WindowStore(this.#store.definition, buffer).fetchAll(from, to)),
    );
    found.sort(([left], [right]) => left.window.start - right.window.start);
    return found.slice(0, limit).map(([key, value, timestamp]) => ({ key, value, timestamp }));
  }
}

export class SessionView<K, V> {
  readonly #store: QueriedStore<SessionStoreDefinition<K, V>>;

  constructor(store: QueriedStore<SessionStoreDefinition<K, V>>) {
    this.#store = store;
  }

  /** The sessions of a key that touch from..to, in the order of their ends. */
  fetch(
    key: K,
    { from = 0, to = LAST_TIME, limit = QUERY_ROWS_MAX }: TimeRange = {},
  ): readonly (readonly [Window, V])[] {
    return firstFound(this.#store, key, (buffer) =>
      first(limit, new SessionStore(this.#store.definition, buffer).fetch(key, from, to)),
    );
  }

  /** The sessions of all keys that end in from..to, in the order of their ends. */
  fetchAll({
    from = 0,
    to = LAST_TIME,
    limit = QUERY_ROWS_MAX,
  }: TimeRange = {}): readonly QueriedRow<Windowed<K>, V>[] {
    const found = allOf(this.#store).flatMap((buffer) =>
      first(limit, new SessionStore(this.#store.definition, buffer).fetchAll(from, to)),
    );
    found.sort(([left], [right]) => left.window.end - right.window.end);
    return found.slice(0, limit).map(([key, value, timestamp]) => ({ key, value, timestamp }));
  }
}

export class VersionedView<K, V> {
  readonly #store: QueriedStore<VersionedStoreDefinition<K, V>>;

  constructor(store: QueriedStore<VersionedStoreDefinition<K, V>>) {
    this.#store = store;
  }

  /** The row as it is now, or null. `timestamp`: from when on it holds. */
  get(key: K): QueriedRow<K, V> | null {
    return this.asOf(key, LAST_TIME);
  }

  /** The row as it was at a time, or null: where there was none, and before the history that is kept. */
  asOf(key: K, time: number): QueriedRow<K, V> | null {
    for (const buffer of likeliestFirst(this.#store, key)) {
      const store = new VersionedStore(this.#store.definition, buffer);
      const value = store.asOf(key, time);
      if (value !== null) return { key, value, timestamp: store.timestamp };
    }
    return null;
  }

  /** What the row was between two times, the newest first. */
  versions(key: K, { from = 0, to = LAST_TIME, limit = QUERY_ROWS_MAX }: TimeRange = {}): readonly Version<V>[] {
    return firstFound(this.#store, key, (buffer) =>
      first(limit, new VersionedStore(this.#store.definition, buffer).versions(key, from, to)),
    );
  }
}

const LAST_TIME = Number.MAX_SAFE_INTEGER - 2;

function rowIn<K, V>(definition: KeyValueStoreDefinition<K, V>, buffer: WriteBuffer, key: K): QueriedRow<K, V> | null {
  if (!definition.timestamped) {
    const value = new SerdeKeyValueStore(definition, buffer).get(key);
    return value === undefined ? null : { key, value };
  }
  const store = new TimestampedStore(definition, buffer);
  const value = store.get(key);
  return value === null ? null : { key, value, timestamp: store.timestamp };
}

/** Reads go through a buffer that nobody writes to, made anew for each call: it would keep what it has read. */
function bufferOf({ definition, committed }: QueriedStore<StoreDefinition>, partition: number): WriteBuffer {
  return new WriteBuffer(definition.name, partition, committed(partition));
}

function allOf(store: QueriedStore<StoreDefinition>): readonly WriteBuffer[] {
  return Array.from({ length: store.partitions }, (_, partition) => bufferOf(store, partition));
}

/** The partition of the key, then the others: a topic may be written with another partitioner, a `process` may store any key. */
function* likeliestFirst<K>(
  store: QueriedStore<StoreDefinition> & { readonly definition: { readonly key: Serde<K> } },
  key: K,
): Generator<WriteBuffer> {
  if (store.partitions === 0) return;
  const home = partitionFor(store.definition.key.serialize(key), store.partitions);
  yield bufferOf(store, home);
  for (let partition = 0; partition < store.partitions; partition++) {
    if (partition !== home) yield bufferOf(store, partition);
  }
}

function firstFound<K, T>(
  store: QueriedStore<StoreDefinition> & { readonly definition: { readonly key: Serde<K> } },
  key: K,
  read: (buffer: WriteBuffer) => readonly T[],
): readonly T[] {
  for (const buffer of likeliestFirst(store, key)) {
    const found = read(buffer);
    if (found.length > 0) return found;
  }
  return [];
}

function first<T>(limit: number, all: Iterable<T>): readonly T[] {
  const taken: T[] = [];
  if (limit <= 0) return taken;
  for (const each of all) {
    taken.push(each);
    if (taken.length >= limit) break;
  }
  return taken;
}

function binaryOf<K>(serde: Serde<K>, key: K | undefined): string | undefined {
  return key === undefined ? undefined : toBinaryString(serde.serialize(key));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
