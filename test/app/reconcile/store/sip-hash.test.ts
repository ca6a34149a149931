import { expect, test } from 'vitest';
import { SipHash64 } from '../../../../src/app/reconcile/store/sip-hash.ts';

function hashOf(bytes: Uint8Array, from?: number, to?: number): bigint {
  const hash = new SipHash64();
  hash.hash(bytes, from, to);
  return (BigInt(hash.high) << 32n) | BigInt(hash.low);
}

/** The same, told again with bigints and straight from the paper. */
function told(bytes: Uint8Array): bigint {
  const mask = (1n << 64n) - 1n;
  const rotate = (value: bigint, by: bigint) => ((value << by) | (value >> (64n - by))) & mask;
  const v = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n] as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const round = () => {
    v[0] = (v[0] + v[1]) & mask;
    v[1] = rotate(v[1], 13n) ^ v[0];
    v[0] = rotate(v[0], 32n);
    v[2] = (v[2] + v[3]) & mask;
    v[3] = rotate(v[3], 16n) ^ v[2];
    v[0] = (v[0] + v[3]) & mask;
    v[3] = rotate(v[3], 21n) ^ v[0];
    v[2] = (v[2] + v[1]) & mask;
    v[1] = rotate(v[1], 17n) ^ v[2];
    v[2] = rotate(v[2], 32n);
  };
  const words = Math.floor(bytes.length / 8) + 1;
  const padded = Buffer.alloc(words * 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v[3] ^= word;
    round();
    round();
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

test('nothing hashes to what is known of SipHash-2-4 under a key of zeros', () => {
  expect(hashOf(new Uint8Array())).toBe(0x1e924b9d737700d7n);
});

test('every length up to 300 bytes hashes as the paper says, from anywhere in a buffer', () => {
  const bytes = Uint8Array.from({ length: 310 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
  for (let length = 0; length <= 300; length++) {
    const from = length % 10;
    expect(hashOf(bytes, from, from + length)).toBe(told(bytes.subarray(from, from + length)));
  }
});
