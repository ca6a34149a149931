import { type KeyValueStore, SerdeKeyValueStore } from './key-value-store.ts';
import { SessionStore } from './session-store.ts';
import type { ProcessStoreDefinition } from './store-definition.ts';
import { type Version, VersionedStore } from './versioned-store.ts';
import { WindowStore } from './window-store.ts';
import type { Window, Windowed } from './windowed.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** Values under a key and the start of a window, as a processor uses them. `undefined` is what is not there; a put of it deletes. */
export interface WindowedKeyValueStore<K, V> {
  /** The value of the window that begins at `start`, milliseconds since 1970. */
  get(key: K, start: number): V | undefined;
  /** Writes the value of a window; `undefined` deletes it. */
  put(key: K, start: number, value: V | undefined): void;
  /** The windows of a key that begin in from..to (both included), in the order of their starts. */
  fetch(key: K, from: number, to: number): IterableIterator<{ readonly start: number; readonly value: V }>;
  /** The windows of all keys that begin in from..to (both included), in the order of their starts. */
  fetchAll(from?: number, to?: number): IterableIterator<readonly [Windowed<K>, V]>;
}

/** Values under a key and a session's start and end, as a processor uses them. */
export interface SessionKeyValueStore<K, V> {
  /** The value of exactly this session. */
  get(key: K, window: Window): V | undefined;
  /** Writes the value of a session; `undefined` deletes it. */
  put(key: K, window: Window, value: V | undefined): void;
  /** The sessions of a key that end at `earliestEnd` or later and start at `latestStart` or before, in the order of their ends. */
  fetch(key: K, earliestEnd: number, latestStart: number): IterableIterator<readonly [Window, V]>;
}

/** Rows with their history, as a processor uses them (KIP-889). */
export interface VersionedKeyValueStore<K, V> {
  /** The newest version. */
  get(key: K): V | undefined;
  /** What the row was at a time. */
  asOf(key: K, time: number): V | undefined;
  /** What holds from a time on; false for one that is older than the history, which is not kept. */
  put(key: K, value: V | undefined, timestamp: number): boolean;
  /** The versions that hold at some time in from..to (both included), the newest first. */
  versions(key: K, from?: number, to?: number): IterableIterator<Version<V>>;
}

/** A store as a processor has it. */
export type ProcessStore =
  | KeyValueStore<unknown, unknown>
  | WindowedKeyValueStore<unknown, unknown>
  | SessionKeyValueStore<unknown, unknown>
  | VersionedKeyValueStore<unknown, unknown>;

export interface OpenedProcessStore {
  readonly store: ProcessStore;
  /** Takes out what left the retention by this stream time, a bounded number with each call; absent where nothing does. */
  readonly expire?: (streamTime: number) => void;
}

export function openProcessStore(definition: ProcessStoreDefinition, buffer: WriteBuffer): OpenedProcessStore {
  switch (definition.kind) {
    case 'keyValue':
      return { store: new SerdeKeyValueStore(definition, buffer) };
    case 'window': {
      const windows = new WindowStore(definition, buffer);
      const store: WindowedKeyValueStore<unknown, unknown> = {
        get: (key, start) => windows.get(key, start) ?? undefined,
        put: (key, start, value) => windows.put(key, start, value ?? null, start),
        fetch: (key, from, to) => windows.fetch(key, from, to),
        *fetchAll(from, to) {
          for (const [key, value] of windows.fetchAll(from, to)) yield [key, value];
        },
      };
      return { store, expire: (streamTime) => windows.expire(streamTime) };
    }
    case 'session': {
      const sessions = new SessionStore(definition, buffer);
      const store: SessionKeyValueStore<unknown, unknown> = {
        get: (key, window) => sessions.get(key, window) ?? undefined,
        put: (key, window, value) => sessions.put(key, window, value ?? null),
        fetch: (key, earliestEnd, latestStart) => sessions.fetch(key, earliestEnd, latestStart),
      };
      return { store, expire: (streamTime) => sessions.expire(streamTime) };
    }
    case 'versioned': {
      const rows = new VersionedStore(definition, buffer);
      const store: VersionedKeyValueStore<unknown, unknown> = {
        get: (key) => rows.get(key) ?? undefined,
        asOf: (key, time) => rows.asOf(key, time) ?? undefined,
        put: (key, value, timestamp) => rows.put(key, value ?? null, timestamp) !== 'refused',
        versions: (key, from, to) => rows.versions(key, from, to),
      };
      return { store };
    }
  }
}
