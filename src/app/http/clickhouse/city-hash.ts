/**
 * CityHash128 of version 1.0.2, with which ClickHouse guards each block that it compresses; later versions give other sums. Arithmetic
 * is modulo 2^64. (Geoff Pike and Jyrki Alakuijala, 2011.)
 */
const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const K3 = 0xc949d7c7509e6557n;
const MUL = 0x9ddfea08eb382d69n;
const LONG_BYTES = 128;

type Pair = readonly [first: bigint, second: bigint];

const u64 = (value: bigint) => BigInt.asUintN(64, value);
const rotate = (value: bigint, shift: bigint) =>
  shift === 0n ? value : u64((value >> shift) | (value << (64n - shift)));
const shiftMix = (value: bigint) => value ^ (value >> 47n);

function hash16(u: bigint, v: bigint): bigint {
  const a = shiftMix(u64((u ^ v) * MUL));
  const b = shiftMix(u64((v ^ a) * MUL));
  return u64(b * MUL);
}

function hash0to16(bytes: Buffer): bigint {
  const length = bytes.length;
  if (length > 8) {
    const [a, b] = [bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(length - 8)];
    return hash16(a, rotate(u64(b + BigInt(length)), BigInt(length))) ^ b;
  }
  if (length >= 4) {
    const a = BigInt(bytes.readUInt32LE(0));
    return hash16(BigInt(length) + (a << 3n), BigInt(bytes.readUInt32LE(length - 4)));
  }
  if (length === 0) return K2;
  const y = BigInt(bytes[0]! + (bytes[length >> 1]! << 8));
  const z = BigInt(length + (bytes[length - 1]! << 2));
  return u64(shiftMix(u64((y * K2) ^ (z * K3))) * K2);
}

function weak32(bytes: Buffer, at: number, seedA: bigint, seedB: bigint): Pair {
  const z = bytes.readBigUInt64LE(at + 24);
  const a = u64(seedA + bytes.readBigUInt64LE(at));
  const b = rotate(u64(seedB + a + z), 21n);
  const all = u64(a + bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 16));
  return [u64(all + z), u64(b + rotate(all, 44n) + a)];
}

function murmur(bytes: Buffer, low: bigint, high: bigint): Pair {
  const length = bytes.length;
  let [a, b, c, d] = [low, high, 0n, 0n];
  if (length <= 16) {
    a = u64(shiftMix(u64(a * K1)) * K1);
    c = u64(b * K1 + hash0to16(bytes));
    d = shiftMix(u64(a + (length >= 8 ? bytes.readBigUInt64LE(0) : c)));
  } else {
    c = hash16(u64(bytes.readBigUInt64LE(length - 8) + K1), a);
    d = hash16(u64(b + BigInt(length)), u64(c + bytes.readBigUInt64LE(length - 16)));
    a = u64(a + d);
    for (let at = 0; at < length - 16; at += 16) {
      a = u64((a ^ u64(shiftMix(u64(bytes.readBigUInt64LE(at) * K1)) * K1)) * K1);
      b ^= a;
      c = u64((c ^ u64(shiftMix(u64(bytes.readBigUInt64LE(at + 8) * K1)) * K1)) * K1);
      d ^= c;
    }
  }
  a = hash16(a, c);
  b = hash16(d, b);
  return [a ^ b, hash16(b, a)];
}

function seeded(bytes: Buffer, low: bigint, high: bigint): Pair {
  if (bytes.length < LONG_BYTES) return murmur(bytes, low, high);
  let [x, y, z] = [low, high, u64(BigInt(bytes.length) * K1)];
  const first = u64(rotate(y ^ K1, 49n) * K1 + bytes.readBigUInt64LE(0));
  let v: Pair = [first, u64(rotate(first, 42n) * K1 + bytes.readBigUInt64LE(8))];
  let w: Pair = [u64(rotate(u64(y + z), 35n) * K1 + x), u64(rotate(u64(x + bytes.readBigUInt64LE(88)), 53n) * K1)];
  const rest = bytes.length % LONG_BYTES;
  for (let at = 0; at < bytes.length - rest; at += 64) {
    x = u64(rotate(u64(x + y + v[0] + bytes.readBigUInt64LE(at + 16)), 37n) * K1) ^ w[1];
    y = u64(rotate(u64(y + v[1] + bytes.readBigUInt64LE(at + 48)), 42n) * K1) ^ v[0];
    z = rotate(z ^ w[0], 33n);
    v = weak32(bytes, at, u64(v[1] * K1), u64(x + w[0]));
    w = weak32(bytes, at + 32, u64(z + w[1]), y);
    [z, x] = [x, z];
  }
  y = u64(y + rotate(w[0], 37n) * K0 + z);
  x = u64(x + rotate(u64(v[0] + z), 49n) * K0);
  // What is left is hashed from the end, in pieces of 32 bytes that may reach back into what was hashed.
  for (let done = 32; done < rest + 32; done += 32) {
    const at = bytes.length - done;
    y = u64(rotate(u64(y - x), 42n) * K0 + v[1]);
    const inner = u64(w[0] + bytes.readBigUInt64LE(at + 16));
    x = u64(rotate(x, 49n) * K0 + inner);
    w = [u64(inner + v[0]), w[1]];
    v = weak32(bytes, at, v[0], v[1]);
  }
  x = hash16(x, v[0]);
  y = hash16(y, w[0]);
  return [u64(hash16(u64(x + v[1]), w[1]) + y), hash16(u64(x + w[1]), u64(y + v[1]))];
}

/** The sum's lower and upper half. */
export function cityHash128(bytes: Buffer): Pair {
  const { length } = bytes;
  if (length >= 16) return seeded(bytes.subarray(16), bytes.readBigUInt64LE(0) ^ K3, bytes.readBigUInt64LE(8));
  if (length < 8) return seeded(bytes, K0, K1);
  const low = bytes.readBigUInt64LE(0) ^ u64(BigInt(length) * K0);
  return seeded(bytes.subarray(0, 0), low, bytes.readBigUInt64LE(length - 8) ^ K1);
}
