import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import { Expiry } from './expiry.ts';
import type { SessionStoreDefinition } from './store-definition.ts';
import { checkKeyLength, keyPrefix, ROOM, TIME_LENGTH, timeAt, timeKey } from './time-keys.ts';
import { type Window, type Windowed, windowed } from './windowed.ts';
import type { WriteBuffer } from './write-buffer.ts';

const INDEXED = Uint8Array.of(1);

/**
 * Values under a key and a session's start and end. Each session stands twice, key first with its value and end first, as a
 * window does. Its end is its timestamp.
 */
export class SessionStore<K, V> {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #expiry: Expiry;

  constructor(definition: SessionStoreDefinition<K, V>, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#value = definition.value;
    this.#expiry = new Expiry(buffer, definition.retentionMs, (index) => this.#remove(index));
  }

  /** The value of exactly this session, or null. */
  get(key: K, window: Window): V | null {
    const bytes = this.#buffer.get(entryOf(this.#binary(key), timesOf(window)));
    return bytes === null ? null : this.#value.deserialize(bytes.slice());
  }

  /** A null value deletes. */
  put(key: K, window: Window, value: V | null): void {
    const binary = this.#binary(key);
    checkKeyLength(binary, 2);
    const times = timesOf(window);
    const entry = entryOf(binary, times);
    const isStored = this.#buffer.get(entry) !== null;
    if (value === null) {
      if (!isStored) return;
      this.#buffer.put(entry, null);
      this.#buffer.put(ROOM.byTime + times + binary, null);
      return;
    }
    const bytes = this.#value.serialize(value);
    this.#buffer.put(entry, (bytes as unknown) === value ? bytes.slice() : bytes);
    if (!isStored) this.#buffer.put(ROOM.byTime + times + binary, INDEXED);
  }

  /** The sessions of a key that end at `earliestEnd` or later and start at `latestStart` or before, in the order of their ends. */
  *fetch(key: K, earliestEnd: number, latestStart: number): IterableIterator<readonly [Window, V]> {
    const prefix = keyPrefix(this.#binary(key));
    const from = prefix + timeKey(Math.max(0, earliestEnd));
    for (const [entry, bytes] of this.#buffer.range(from, prefix + timeKey(Number.MAX_SAFE_INTEGER))) {
      const window = windowAt(entry, prefix.length);
      if (window.start <= latestStart) yield [window, this.#value.deserialize(bytes.slice())];
    }
  }

  /** The sessions of all keys that end in from..to (both included), in the order of their ends, then starts, then keys. */
  *fetchAll(from = 0, to = Number.MAX_SAFE_INTEGER - 1): IterableIterator<readonly [Windowed<K>, V, number]> {
    if (to < from || to < 0) return;
    const at = ROOM.byTime.length;
    const indexed = this.#buffer.range(ROOM.byTime + timeKey(Math.max(0, from)), ROOM.byTime + timeKey(to + 1));
    for (const [index] of indexed) {
      const { start, end } = windowAt(index, at);
      const binary = index.slice(at + 2 * TIME_LENGTH);
      const bytes = this.#buffer.get(entryOf(binary, index.slice(at, at + 2 * TIME_LENGTH)))!;
      const key = windowed(this.#key.deserialize(fromBinaryString(binary)), start, end);
      yield [key, this.#value.deserialize(bytes.slice()), end];
    }
  }

  /** Removes sessions that ended before `streamTime` less the retention: a bounded number with each call. */
  expire(streamTime: number): void {
    this.#expiry.advance(streamTime);
  }

  #remove(index: string): void {
    const at = ROOM.byTime.length;
    this.#buffer.put(entryOf(index.slice(at + 2 * TIME_LENGTH), index.slice(at, at + 2 * TIME_LENGTH)), null);
    this.#buffer.put(index, null);
  }

  #binary(key: K): string {
    return toBinaryString(this.#key.serialize(key));
  }
}

/** End first: sessions are looked for by it. */
function timesOf({ start, end }: Window): string {
  return timeKey(end) + timeKey(start);
}

function windowAt(key: string, at: number): Window {
  return { end: timeAt(key, at), start: timeAt(key, at + TIME_LENGTH) };
}

function entryOf(binary: string, times: string): string {
  return keyPrefix(binary) + times;
}
