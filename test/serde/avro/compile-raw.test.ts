import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/serde/avro/byte-reader.ts';
import { compileRaw } from '../../../src/serde/avro/compile-raw.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';
import { rawDecoder } from '../../../src/serde/avro/raw-decoder.ts';
import type { RawValue } from '../../../src/serde/avro/raw-value.ts';
import { encodeRaw, framedRaw } from './raw-encoder.ts';

const record = (...fields: readonly unknown[]) => ({ type: 'record', name: 'R', fields });

function read(writer: unknown, bytes: Uint8Array, reader: unknown = writer): RawValue {
  const source = new ByteReader(bytes, 0);
  const value = compileRaw(parseSchema(writer), parseSchema(reader))(source);
  expect(source.remaining).toBe(0);
  return value;
}

describe('what avsc writes', () => {
  it('is read exactly, every kind of type', () => {
    const schema = record(
      { name: 'yes', type: 'boolean' },
      { name: 'small', type: 'int' },
      { name: 'real', type: 'double' },
      { name: 'half', type: 'float' },
      { name: 'text', type: 'string' },
      { name: 'raw', type: 'bytes' },
      { name: 'four', type: { type: 'fixed', name: 'F', size: 4 } },
      { name: 'state', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
      { name: 'list', type: { type: 'array', items: ['null', 'string'] } },
      { name: 'map', type: { type: 'map', values: 'int' } },
      { name: 'inner', type: { type: 'record', name: 'I', fields: [{ name: 'x', type: ['int', 'null'] }] } },
    );
    const written = avsc.Type.forSchema(schema as never, { wrapUnions: false }).toBuffer({
      yes: true,
      small: -7,
      real: 0.1,
      half: 0.5,
      text: 'é😀',
      raw: Buffer.from([0, 255]),
      four: Buffer.from([1, 2, 3, 4]),
      state: 'B',
      list: ['a', null],
      map: { k: 3, __proto: 4 },
      inner: { x: null },
    });
    expect(read(schema, written)).toEqual([
      true,
      -7,
      0.1,
      0.5,
      'é😀',
      Buffer.from([0, 255]),
      Buffer.from([1, 2, 3, 4]),
      'B',
      ['a', null],
      [
        ['k', 3],
        ['__proto', 4],
      ],
      [null],
    ]);
  });
});

it('every long and every decimal comes back to the last digit', () => {
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 76, scale: 2 };
  const padded = { type: 'fixed', name: 'P', size: 40, logicalType: 'decimal', precision: 76, scale: 2 };
  const schema = record({ name: 'l', type: 'long' }, { name: 'd', type: decimal }, { name: 'p', type: padded });
  const type = parseSchema(schema);
  const greatest = 10n ** 76n - 1n;
  const number = fc.oneof(
    fc.bigInt({ min: -greatest, max: greatest }),
    fc.constantFrom(0n, -1n, 127n, 128n, -128n, -129n, greatest, -greatest),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), number, number, (long, d, p) => {
      const [l, ...decimals] = read(schema, encodeRaw(type, [long, d, p])) as readonly bigint[];
      expect([BigInt(l!), ...decimals]).toEqual([long, d, p]);
    }),
  );
});

it('what another version wrote is read into this one: promoted, defaulted, renamed, skipped', () => {
  const older = record(
    { name: 'gone', type: { type: 'array', items: 'string' } },
    { name: 'n', type: 'int' },
    { name: 'old', type: 'string' },
  );
  const newer = record(
    { name: 'fresh', type: ['null', 'string'], default: null },
    { name: 'name', aliases: ['old'], type: ['null', 'string'], default: null },
    { name: 'n', type: 'long' },
    { name: 'list', type: { type: 'array', items: 'int' }, default: [1, 2] },
    { name: 'raw', type: { type: 'fixed', name: 'F', size: 2 }, default: 'ÿ\u0001' },
    { name: 'money', type: { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, default: 'ÿ' },
    { name: 'map', type: { type: 'map', values: 'int' }, default: { a: 1 } },
  );
  const bytes = encodeRaw(parseSchema(older), [['x', 'y'], 5, 'text']);
  expect(read(older, bytes, newer)).toEqual([null, 'text', 5, [1, 2], new Uint8Array([255, 1]), -1n, [['a', 1]]]);
});

it.each([
  [
    'a decimal of another scale',
    { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 3 },
    { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
  ],
  ['a time as a number', { type: 'long', logicalType: 'timestamp-millis' }, 'long'],
  ['a text as a number', 'string', 'int'],
  ['two types, of which none fits', ['string', 'bytes'], 'int'],
])('%s is incompatible, named with its path', (_name, writer, reader) => {
  const of = (type: unknown) => parseSchema(record({ name: 'a', type }));
  expect(() => compileRaw(of(writer), of(reader))).toThrow(
    expect.objectContaining({ code: 'SCHEMA_INCOMPATIBLE', message: expect.stringContaining(': a: ') }),
  );
});

it('a field that is new and has no default is told', () => {
  expect(() => compileRaw(parseSchema(record()), parseSchema(record({ name: 'a', type: 'int' })))).toThrow(
    /a: the writer has no such field, and it has no default/,
  );
});

it('a symbol is told as it stands in JSON', () => {
  const kinds = { type: 'enum', name: 'E', symbols: ['re_debit'], logicalType: 'kebab-case' };
  expect(read(kinds, new Uint8Array([0]))).toBe('re-debit');
  const defaulted = record({ name: 'a', type: kinds, default: 're_debit' });
  expect(read(record(), new Uint8Array(), defaulted)).toEqual(['re-debit']);
});

it('a key twice, a symbol that is none, a decimal without bytes and bytes left over are no values', () => {
  const map = parseSchema({ type: 'map', values: 'int' });
  const twice = encodeRaw(map, [
    ['a', 1],
    ['a', 2],
  ]);
  expect(() => read({ type: 'map', values: 'int' }, twice)).toThrow(/a key twice/);
  const symbols = { type: 'enum', name: 'E', symbols: ['A'] };
  expect(() => read(symbols, new Uint8Array([2]))).toThrow(/no such symbol/);
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 };
  expect(() => read(decimal, new Uint8Array([0]))).toThrow(/no decimal/);
  const type = parseSchema('int');
  const decode = rawDecoder(type, { writerSchema: () => type });
  expect(decode(framedRaw(7, type, 5))).toBe(5);
  expect(() => decode(Buffer.concat([framedRaw(7, type, 5), new Uint8Array([0])]))).toThrow(/1 bytes are left over/);
  expect(() => decode(Buffer.from('{"json":1}'))).toThrow(/no schema is named/);
});
