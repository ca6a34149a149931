import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesSerde, int64Serde, stringSerde } from '../../src/serde/primitives.ts';

const unreadable = expect.objectContaining({ code: 'DESERIALIZATION_FAILED' });
const unwritable = expect.objectContaining({ code: 'SERIALIZATION_FAILED' });

describe('text', () => {
  it('is written as UTF-8 and comes back, short or long, plain or not', () => {
    const unit = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary-ascii' }));
    const text = fc.oneof(
      unit,
      fc.tuple(unit, fc.integer({ min: 0, max: 200 })).map(([end, n]) => 'x'.repeat(n) + end),
    );
    fc.assert(
      fc.property(text, (value) => {
        const bytes = stringSerde.serialize(value);
        expect(Buffer.from(bytes).equals(Buffer.from(value, 'utf8'))).toBe(true);
        expect(stringSerde.deserialize(bytes)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '',
    '\0\0\0\0',
    '\u007f',
    '\u0080',
    'é',
    '😀',
    '\ufeffmark',
    'x'.repeat(64),
    'x'.repeat(65),
    `${'x'.repeat(64)}é`,
  ])('keeps %j', (value) => {
    expect(stringSerde.deserialize(stringSerde.serialize(value))).toBe(value);
  });

  it.each<[string, number[]]>([
    ['a byte that begins nothing', [0x41, 0xff]],
    ['a lone continuation', [0x80]],
    ['an end cut off', [0x41, 0xe2, 0x82]],
    ['an overlong form', [0xc0, 0x80]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a point beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('refuses %s, short and long', (_what, bytes) => {
    expect(() => stringSerde.deserialize(Uint8Array.from(bytes))).toThrow(unreadable);
    expect(() => stringSerde.deserialize(Uint8Array.from([...new Array<number>(100).fill(0x41), ...bytes]))).toThrow(
      unreadable,
    );
  });

  it.each(['\ud800', 'a\udc00b', '\udc00\ud800', `${'x'.repeat(100)}\ud800`])('refuses to write %j', (value) => {
    expect(() => stringSerde.serialize(value)).toThrow(unwritable);
  });

  it('reads a view that begins within its buffer', () => {
    const buffer = Buffer.from('..Übertrag..');
    expect(stringSerde.deserialize(buffer.subarray(2, buffer.length - 2))).toBe('Übertrag');
  });
});

describe('an int64', () => {
  it.each<[bigint, string]>([
    [0n, '0000000000000000'],
    [1n, '0000000000000001'],
    [-1n, 'ffffffffffffffff'],
    [2n ** 63n - 1n, '7fffffffffffffff'],
    [-(2n ** 63n), '8000000000000000'],
    [2n ** 53n + 1n, '0020000000000001'],
  ])('%s is written as %s and comes back', (value, hex) => {
    const bytes = int64Serde.serialize(value);
    expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    expect(int64Serde.deserialize(bytes)).toBe(value);
    expect(int64Serde.deserialize(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3))).toBe(value);
  });

  it('never wraps and never guesses', () => {
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n]) {
      expect(() => int64Serde.serialize(value)).toThrow(unwritable);
    }
    for (const length of [0, 7, 9, 16]) {
      expect(() => int64Serde.deserialize(new Uint8Array(length))).toThrow(unreadable);
    }
  });
});

it('bytes stay the same bytes', () => {
  const bytes = Uint8Array.from([0, 255, 128]);
  expect(bytesSerde.deserialize(bytesSerde.serialize(bytes))).toBe(bytes);
});
