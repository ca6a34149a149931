import type { Database, RangeOptions } from 'lmdb';
import { storageError } from './storage-error.ts';

/** Writes a key's bytes at `start` of `target` and returns where they end; reads it back from [start, end). */
export interface KeyCodec<K> {
  write(key: K, target: Buffer, start: number): number;
  read(source: Buffer, start: number, end: number): K;
}

export interface TableRange<K> {
  /** Where to begin: the least key, or the greatest where `reverse`. */
  readonly start?: K;
  readonly end?: K;
  readonly exclusiveStart?: boolean;
  readonly inclusiveEnd?: boolean;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/**
 * Values up to this length are copied into one block before they are put: the lmdb package asks for the address of each
 * new ArrayBuffer, which costs half as much as the put itself (measured: 1.5 against 1.0 µs for 16 bytes).
 */
const SCRATCH_BYTES = 256;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
const scratchOfLength = Array.from({ length: SCRATCH_BYTES + 1 }, (_, length) => scratch.subarray(0, length));

/** Bytes under typed keys, ordered by the keys' bytes. Writes belong inside `Environment.transaction`. */
export class Table<K> {
  readonly name: string;
  readonly #database: Database<Buffer, never>;

  constructor(database: Database<Buffer, never>, name: string) {
    this.#database = database;
    this.name = name;
  }

  /** A copy of the value; undefined where there is none. */
  get(key: K): Uint8Array | undefined {
    try {
      return this.#database.getBinary(key as never);
    } catch (error) {
      throw storageError(error, `reading the table ${this.name}`);
    }
  }

  put(key: K, value: Uint8Array): void {
    const length = value.length;
    if (length > SCRATCH_BYTES) {
      this.#database.putSync(key as never, value as Buffer);
      return;
    }
    for (let i = 0; i < length; i++) scratch[i] = value[i]!;
    this.#database.putSync(key as never, scratchOfLength[length]!);
  }

  delete(key: K): void {
    this.#database.removeSync(key as never);
  }

  /**
   * The entries in order, each value a copy. They are all read before this returns: an iterator that is held while a
   * commit happens pins the pages of its snapshot, and the file grows (measured: from 14 to 840 MB in 20 rounds).
   */
  entries(range: TableRange<K> & { readonly limit: number }): readonly (readonly [key: K, value: Uint8Array])[] {
    const found: (readonly [K, Uint8Array])[] = [];
    this.forEach(range, (key, value) => {
      found.push([key, value]);
      return true;
    });
    return found;
  }

  /** Calls `visit` with the entries in order until it returns false; the values are copies. */
  forEach(range: TableRange<K>, visit: (key: K, value: Uint8Array) => boolean): void {
    try {
      for (const { key, value } of this.#database.getRange(bounds(range))) {
        if (!visit(key as K, value)) return;
      }
    } catch (error) {
      throw storageError(error, `reading the table ${this.name}`);
    }
  }

  /** As `forEach`, but no value is copied: it is valid only until `visit` returns, and until another value is read. */
  forEachInPlace(range: TableRange<K>, visit: (key: K, value: Uint8Array) => boolean): void {
    try {
      for (const key of this.#database.getKeys(bounds(range))) {
        const value = this.#database.getBinaryFast(key)!;
        // The storage's own block has a `length` beside its real one, which makes every access to it slow.
        const bytes = new Uint8Array(value.buffer, value.byteOffset, value.length);
        if (!visit(key as K, bytes)) return;
      }
    } catch (error) {
      throw storageError(error, `reading the table ${this.name}`);
    }
  }

  /** The keys in order, without touching the values. */
  keys(range: TableRange<K> & { readonly limit: number }): readonly K[] {
    try {
      return [...this.#database.getKeys(bounds(range))];
    } catch (error) {
      throw storageError(error, `reading the table ${this.name}`);
    }
  }
}

/** Both bounds are named even where they are open: else the lmdb package puts a key of its own in their place. */
function bounds<K>(range: TableRange<K>): RangeOptions {
  return { ...range, start: range.start as never, end: range.end as never };
}
