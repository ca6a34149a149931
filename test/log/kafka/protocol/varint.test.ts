import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadraceError } from '../../../../src/errors.ts';
import { RecordCursor } from '../../../../src/log/kafka/protocol/record-cursor.ts';
import { decoded, shortVarint } from '../../../../src/log/kafka/protocol/short-varint.ts';
import { VARINT_MAX, varintBytes, writeVarint } from '../../../../src/log/kafka/protocol/varint.ts';

const malformed = (why: string) => new HeadraceError('LOG_CORRUPT', why);

function written(value: number): Uint8Array {
  const target = new Uint8Array(16).fill(0xff);
  return target.subarray(0, writeVarint(target, 0, value));
}

/** By the definition, in exact integers. */
function expected(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** Where the number of bytes changes, and the ways of reading and writing. */
const edges = [6, 13, 20, 27, 30, 31, 34, 41, 48, 51].flatMap((bits) =>
  [-1, 0, 1].flatMap((near) => [2 ** bits + near, -(2 ** bits) + near]),
);
const numbers = fc.oneof(
  fc.constantFrom(0, ...edges.filter((each) => Math.abs(each) <= VARINT_MAX)),
  fc.integer(),
  fc.integer({ min: -VARINT_MAX, max: VARINT_MAX }),
);

describe('varints', () => {
  it('are written as defined, in the bytes foretold, and read again', () => {
    fc.assert(
      fc.property(numbers, (value) => {
        const bytes = written(value);
        expect([...bytes]).toEqual(expected(value));
        expect(varintBytes(value)).toBe(bytes.length);
        expect(new RecordCursor(bytes, 0, bytes.length, malformed).varlong()).toBe(value);
        const short = shortVarint(bytes, 0);
        if (bytes.length > 4) expect(short).toBe(0);
        else expect([decoded(short), short & 7]).toEqual([value, bytes.length]);
        if (Math.abs(value) < 2 ** 31) expect(new RecordCursor(bytes, 0, bytes.length, malformed).varint()).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['varint', [0x80, 0x80, 0x80, 0x80, 0x10]],
    ['varint', [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ['varint', [0x80]],
    ['varint', []],
    ['varlong', Array.from({ length: 11 }, () => 0x80)],
    ['varlong', [0x80, 0x80]],
  ] as const)('%s refuses %j', (kind, bytes) => {
    const cursor = new RecordCursor(Uint8Array.from(bytes), 0, bytes.length, malformed);
    expect(() => cursor[kind]()).toThrow(HeadraceError);
  });

  it('reads the smallest and greatest numbers', () => {
    const bytes = (first: number) => Uint8Array.from([first, 0xff, 0xff, 0xff, 0x0f]);
    expect(new RecordCursor(bytes(0xff), 0, 5, malformed).varint()).toBe(-(2 ** 31));
    expect(new RecordCursor(bytes(0xfe), 0, 5, malformed).varint()).toBe(2 ** 31 - 1);
    const wide = Uint8Array.from([...Array.from({ length: 9 }, () => 0xff), 0x01]);
    expect(new RecordCursor(wide, 0, 10, malformed).varlong()).toBe(-(2 ** 63));
  });
});
