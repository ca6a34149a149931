import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import { Expiry } from './expiry.ts';
import { numberAt, writeNumber } from './number-bytes.ts';
import type { WindowStoreDefinition } from './store-definition.ts';
import { checkKeyLength, keyPrefix, ROOM, TIME_LENGTH, timeAt, timeKey } from './time-keys.ts';
import { type Windowed, windowed } from './windowed.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** One window of a key as it is stored. */
export interface WindowEntry<V> {
  readonly start: number;
  readonly value: V;
  /** The greatest timestamp of the records in it (KIP-258). */
  readonly timestamp: number;
}

const INDEXED = Uint8Array.of(1);

/**
 * Values under a key and the start of a window. Each entry stands twice: key first with its value, for the windows of one key,
 * and start first, for what closes or expires next. A window's end follows from its start, so it is not stored.
 */
export class WindowStore<K, V> {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #lengthMs: number;
  readonly #expiry: Expiry;
  #timestamp = 0;

  constructor(definition: WindowStoreDefinition<K, V>, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#value = definition.value;
    this.#lengthMs = definition.windowMs;
    this.#expiry = new Expiry(buffer, definition.retentionMs, (index) => this.#remove(index));
  }

  /** Of the value that the last {@link get} returned. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** The value of the window that begins at `start`, or null. */
  get(key: K, start: number): V | null {
    const bytes = this.#buffer.get(keyPrefix(this.#binary(key)) + timeKey(start));
    if (bytes === null) return null;
    this.#timestamp = timestampOf(bytes);
    return this.#value.deserialize(bytes.slice(TIME_LENGTH));
  }

  /** A null value deletes. */
  put(key: K, start: number, value: V | null, timestamp: number): void {
    const binary = this.#binary(key);
    checkKeyLength(binary, 1);
    const entry = keyPrefix(binary) + timeKey(start);
    const index = ROOM.byTime + timeKey(start) + binary;
    const isStored = this.#buffer.get(entry) !== null;
    if (value === null) {
      if (!isStored) return;
      this.#buffer.put(entry, null);
      this.#buffer.put(index, null);
      return;
    }
    this.#buffer.put(entry, encoded(this.#value.serialize(value), timestamp));
    if (!isStored) this.#buffer.put(index, INDEXED);
  }

  /** The windows of a key that begin in from..to (both included), in the order of their starts; reversed: the last one first. */
  *fetch(key: K, from: number, to: number, reverse = false): IterableIterator<WindowEntry<V>> {
    const prefix = keyPrefix(this.#binary(key));
    if (to < from || to < 0) return;
    const entries = this.#buffer.range(prefix + timeKey(Math.max(0, from)), prefix + timeKey(to + 1), reverse);
    for (const [entry, bytes] of entries) {
      const start = timeAt(entry, prefix.length);
      yield { start, value: this.#value.deserialize(bytes.slice(TIME_LENGTH)), timestamp: timestampOf(bytes) };
    }
  }

  /** The windows of all keys that begin in from..to (both included), in the order of their starts and then keys. */
  *fetchAll(from = 0, to = Number.MAX_SAFE_INTEGER - 1): IterableIterator<readonly [Windowed<K>, V, number]> {
    if (to < from || to < 0) return;
    const at = ROOM.byTime.length;
    const indexed = this.#buffer.range(ROOM.byTime + timeKey(Math.max(0, from)), ROOM.byTime + timeKey(to + 1));
    for (const [index] of indexed) {
      const start = timeAt(index, at);
      const binary = index.slice(at + TIME_LENGTH);
      const bytes = this.#buffer.get(keyPrefix(binary) + timeKey(start))!;
      const key = windowed(this.#key.deserialize(fromBinaryString(binary)), start, start + this.#lengthMs);
      yield [key, this.#value.deserialize(bytes.slice(TIME_LENGTH)), timestampOf(bytes)];
    }
  }

  /** Removes windows that began before `streamTime` less the retention: a bounded number with each call. */
  expire(streamTime: number): void {
    this.#expiry.advance(streamTime);
  }

  #remove(index: string): void {
    const at = ROOM.byTime.length;
    this.#buffer.put(keyPrefix(index.slice(at + TIME_LENGTH)) + index.slice(at, at + TIME_LENGTH), null);
    this.#buffer.put(index, null);
  }

  #binary(key: K): string {
    return toBinaryString(this.#key.serialize(key));
  }
}

function timestampOf(bytes: Uint8Array): number {
  return numberAt(bytes, 0);
}

function encoded(value: Uint8Array, timestamp: number): Uint8Array {
  const bytes = new Uint8Array(TIME_LENGTH + value.length);
  writeNumber(bytes, 0, timestamp);
  bytes.set(value, TIME_LENGTH);
  return bytes;
}
