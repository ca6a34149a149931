/** Zigzag varints of Kafka's records, as Protocol Buffers' sint32 and sint64. */

/** Values of this magnitude zigzag into 31 bits, which JavaScript's integer operators take. */
const INT_MAX = 0x3fff_ffff;
/** The greatest magnitude that is written: zigzagged it still is an exact number. Timestamps of decades apart need 42 bits. */
export const VARINT_MAX = 2 ** 51;

export function varintBytes(value: number): number {
  if (value >= -64 && value < 64) return 1;
  if (value >= -INT_MAX && value <= INT_MAX) {
    const bits = 32 - Math.clz32((value << 1) ^ (value >> 31));
    return bits <= 14 ? 2 : bits <= 21 ? 3 : bits <= 28 ? 4 : 5;
  }
  let bytes = 5;
  for (let above = 2 ** 35; zigzagged(value) >= above; above *= 128) bytes++;
  return bytes;
}

/** Writes an integer of at most VARINT_MAX in magnitude; returns the place behind it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let end = at;
  if (value >= -64 && value < 64) {
    target[end++] = (value << 1) ^ (value >> 31);
    return end;
  }
  if (value >= -INT_MAX && value <= INT_MAX) {
    let rest = (value << 1) ^ (value >> 31);
    for (; rest > 0x7f; rest >>>= 7) target[end++] = (rest & 0x7f) | 0x80;
    target[end++] = rest;
    return end;
  }
  let rest = zigzagged(value);
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) target[end++] = (rest % 128) | 0x80;
  target[end++] = rest;
  return end;
}

function zigzagged(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}
