import { HeadraceError } from '../errors.ts';
import { STATE_KEY_BYTES_MAX } from '../log/log.ts';

/**
 * The rooms of a store that is ordered in two ways, by the first byte of the state key: what the store knows of itself,
 * entries key first, and the same entries time first.
 */
export const ROOM = { meta: '\u0000', byKey: '\u0001', byTime: '\u0002', end: '\u0003' } as const;

/** Characters of a time in a state key. */
export const TIME_LENGTH = 8;

const TWO_32 = 2 ** 32;

/** A time of 0 or more as 8 bytes, big-endian, as a binary string: its order is that of time. */
export function timeKey(milliseconds: number): string {
  const high = Math.floor(milliseconds / TWO_32);
  const low = milliseconds % TWO_32;
  return word(high) + word(low);
}

export function timeAt(key: string, at: number): number {
  return wordAt(key, at) * TWO_32 + wordAt(key, at + 4);
}

/**
 * The beginning of all entries of one key in the room that is key first. Its length stands before it, so that a key which
 * another one begins with never lies between that one's times.
 */
export function keyPrefix(key: string): string {
  return ROOM.byKey + String.fromCharCode(key.length >> 8, key.length & 0xff) + key;
}

/** The key of an entry that begins with {@link keyPrefix}. */
export function keyOf(entry: string): string {
  const length = (entry.charCodeAt(1) << 8) | entry.charCodeAt(2);
  return entry.slice(3, 3 + length);
}

/** Entries with `times` times in them must fit into a state key; throws KEY_TOO_LARGE. */
export function checkKeyLength(key: string, times: number): void {
  const length = key.length + 3 + times * TIME_LENGTH;
  if (length > STATE_KEY_BYTES_MAX) {
    throw new HeadraceError(
      'KEY_TOO_LARGE',
      `A state key of ${length} bytes (${key.length} of the key, the rest its window) is over the limit of ${STATE_KEY_BYTES_MAX}`,
    );
  }
}

function word(value: number): string {
  return String.fromCharCode((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function wordAt(key: string, at: number): number {
  return (
    key.charCodeAt(at) * 0x1000000 +
    ((key.charCodeAt(at + 1) << 16) | (key.charCodeAt(at + 2) << 8) | key.charCodeAt(at + 3))
  );
}
