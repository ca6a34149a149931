import type { Serde } from '../serde/serde.ts';
import { fromBinaryString, toBinaryString } from './binary-string.ts';
import { Expiry } from './expiry.ts';
import { numberAt, writeNumber } from './number-bytes.ts';
import { StateNumber } from './state-number.ts';
import type { VersionedStoreDefinition } from './store-definition.ts';
import { checkKeyLength, keyPrefix, ROOM, TIME_LENGTH, timeAt, timeKey } from './time-keys.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** A version of a row: what it was in [from, to). */
export interface Version<V> {
  readonly value: V;
  readonly from: number;
  /** Infinite for the present one. */
  readonly to: number;
}

/** What became of a put: the newest version, an older one, or too old to be kept. */
export type VersionedPut = 'latest' | 'history' | 'refused';

/** The newest version of each key, which is what is read most; the others stand in the rooms of time-keys.ts. */
const LATEST = ROOM.end;
const INDEXED = Uint8Array.of(1);
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/**
 * Rows with their history (KIP-889): each put is a version that holds from its timestamp to the next one's, whatever the order
 * in which they come. Versions that ended more than `historyMs` before the greatest timestamp can't be read any more, and a put
 * with a timestamp before that is refused. A deletion is a version too.
 */
export class VersionedStore<K, V> {
  readonly #buffer: WriteBuffer;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #historyMs: number;
  readonly #expiry: Expiry;
  /** The greatest timestamp that was put. */
  readonly #observed: StateNumber;
  #timestamp = 0;

  constructor(definition: VersionedStoreDefinition<K, V>, buffer: WriteBuffer) {
    this.#buffer = buffer;
    this.#key = definition.key;
    this.#value = definition.value;
    this.#historyMs = definition.historyMs;
    this.#expiry = new Expiry(buffer, definition.historyMs, (index) => this.#remove(index));
    this.#observed = new StateNumber(buffer, `${ROOM.meta}observed`, -1);
  }

  /** From when on the row holds that the last {@link get} or {@link asOf} returned. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** The newest version; null where the row is deleted or was never there. */
  get(key: K): V | null {
    const latest = this.#latest(this.#binary(key));
    if (latest === undefined) return null;
    this.#timestamp = latest.from;
    return this.#valueOf(latest.bytes);
  }

  /** What the row was at a time; null where there was none, and where another version of before the history was. */
  asOf(key: K, time: number): V | null {
    const binary = this.#binary(key);
    const latest = this.#latest(binary);
    if (latest === undefined) return null;
    // The newest version is there however old it is.
    const isKept = time >= this.#observed.value - this.#historyMs;
    const version = latest.from <= time ? latest : isKept ? this.#before(binary, time + 1) : undefined;
    if (version === undefined || version.to <= time) return null;
    this.#timestamp = version.from;
    return this.#valueOf(version.bytes);
  }

  /** A null value deletes from the timestamp on. */
  put(key: K, value: V | null, timestamp: number): VersionedPut {
    const observed = this.#observed.value;
    if (timestamp < observed - this.#historyMs) return 'refused';
    const binary = this.#binary(key);
    checkKeyLength(binary, 1);
    this.#observed.value = Math.max(observed, timestamp);
    const bytes = value === null ? null : this.#value.serialize(value);
    const latest = this.#latest(binary);
    let result: VersionedPut = 'latest';
    if (latest === undefined || timestamp >= latest.from) {
      if (latest !== undefined && timestamp > latest.from) this.#write(binary, latest.bytes, latest.from, timestamp);
      this.#buffer.put(LATEST + binary, encoded(timestamp, FOR_EVER, bytes));
      if (bytes === null) this.#buffer.put(deletionIndex(binary, timestamp), INDEXED);
    } else {
      this.#insert(binary, bytes, timestamp, latest.from);
      result = 'history';
    }
    this.#expiry.advance(this.#observed.value);
    return result;
  }

  /**
   * The versions of a key that hold at some time in from..to (both included), the newest first; where it was deleted there is none.
   * What ended before the history is not among them.
   */
  *versions(key: K, from = 0, to = FOR_EVER - 1): IterableIterator<Version<V>> {
    const readable = Math.max(from, this.#observed.value - this.#historyMs);
    const binary = this.#binary(key);
    const latest = this.#latest(binary);
    if (latest === undefined) return;
    if (latest.from <= to && latest.bytes !== null) yield this.#version(latest, latest.bytes, Number.POSITIVE_INFINITY);
    if (to < readable) return;
    const prefix = keyPrefix(binary);
    const ends = prefix + timeKey(Math.max(0, to + 1));
    for (const [entry, stored] of this.#buffer.range(prefix + timeKey(0), ends, true)) {
      const version = decoded(stored, timeAt(entry, prefix.length));
      if (version.to <= readable) return;
      if (version.bytes !== null) yield this.#version(version, version.bytes, version.to);
    }
  }

  /** The rows as they are now, in the order of the serialised keys. */
  *range(from?: K, to?: K): IterableIterator<readonly [K, V]> {
    const start = LATEST + (from === undefined ? '' : this.#binary(from));
    const end = to === undefined ? '\u0004' : LATEST + this.#binary(to);
    for (const [entry, stored] of this.#buffer.range(start, end)) {
      const { bytes } = decodedLatest(stored);
      if (bytes !== null)
        yield [this.#key.deserialize(fromBinaryString(entry.slice(1))), this.#value.deserialize(bytes)];
    }
  }

  /** Between two versions, or before all of them: the one before ends where it begins. */
  #insert(binary: string, bytes: Uint8Array | null, timestamp: number, latestFrom: number): void {
    const before = this.#before(binary, timestamp + 1);
    if (before?.from === timestamp) {
      this.#write(binary, bytes, timestamp, before.to);
      return;
    }
    const after = this.#after(binary, timestamp);
    if (before !== undefined && before.to > timestamp) {
      this.#removeVersion(binary, before);
      this.#write(binary, before.bytes, before.from, timestamp);
    }
    this.#write(binary, bytes, timestamp, after ?? latestFrom);
  }

  #write(binary: string, bytes: Uint8Array | null, from: number, to: number): void {
    this.#buffer.put(keyPrefix(binary) + timeKey(from), encoded(from, to, bytes));
    this.#buffer.put(ROOM.byTime + timeKey(to) + timeKey(from) + binary, INDEXED);
  }

  #removeVersion(binary: string, { from, to }: StoredVersion): void {
    this.#remove(ROOM.byTime + timeKey(to) + timeKey(from) + binary);
  }

  #remove(index: string): void {
    const at = ROOM.byTime.length;
    const [to, from] = [timeAt(index, at), timeAt(index, at + TIME_LENGTH)];
    const binary = index.slice(at + 2 * TIME_LENGTH);
    this.#buffer.put(index, null);
    if (to > from) {
      this.#buffer.put(keyPrefix(binary) + timeKey(from), null);
      return;
    }
    const latest = this.#latest(binary);
    if (latest?.from === from && latest.bytes === null) this.#buffer.put(LATEST + binary, null);
  }

  /** The last version of the history that begins before a time. */
  #before(binary: string, time: number): StoredVersion | undefined {
    const prefix = keyPrefix(binary);
    for (const [entry, stored] of this.#buffer.range(prefix + timeKey(0), prefix + timeKey(time), true)) {
      return decoded(stored, timeAt(entry, prefix.length));
    }
    return undefined;
  }

  /** When the first version of the history begins after a time. */
  #after(binary: string, time: number): number | undefined {
    const prefix = keyPrefix(binary);
    for (const [entry] of this.#buffer.range(prefix + timeKey(time + 1), prefix + timeKey(FOR_EVER))) {
      return timeAt(entry, prefix.length);
    }
    return undefined;
  }

  #latest(binary: string): StoredVersion | undefined {
    const stored = this.#buffer.get(LATEST + binary);
    return stored === null ? undefined : decodedLatest(stored);
  }

  #version({ from }: StoredVersion, bytes: Uint8Array, to: number): Version<V> {
    return { value: this.#value.deserialize(bytes), from, to };
  }

  #valueOf(bytes: Uint8Array | null): V | null {
    return bytes === null ? null : this.#value.deserialize(bytes);
  }

  #binary(key: K): string {
    return toBinaryString(this.#key.serialize(key));
  }
}

/** Under which a deletion that is the newest version expires: no version of the history ends where it begins. */
function deletionIndex(binary: string, time: number): string {
  return ROOM.byTime + timeKey(time) + timeKey(time) + binary;
}

interface StoredVersion {
  readonly bytes: Uint8Array | null;
  readonly from: number;
  readonly to: number;
}

const TIME_BYTES = 8;
const PRESENT_AT = 2 * TIME_BYTES;

/** From, to, whether there is a row, and its bytes. */
function encoded(from: number, to: number, value: Uint8Array | null): Uint8Array {
  const bytes = new Uint8Array(PRESENT_AT + 1 + (value?.length ?? 0));
  writeNumber(bytes, 0, from);
  writeNumber(bytes, TIME_BYTES, to);
  bytes[PRESENT_AT] = value === null ? 0 : 1;
  if (value !== null) bytes.set(value, PRESENT_AT + 1);
  return bytes;
}

function decodedLatest(stored: Uint8Array): StoredVersion {
  return decoded(stored, numberAt(stored, 0));
}

function decoded(stored: Uint8Array, from: number): StoredVersion {
  const to = numberAt(stored, TIME_BYTES);
  return { bytes: stored[PRESENT_AT] === 0 ? null : stored.slice(PRESENT_AT + 1), from, to };
}
