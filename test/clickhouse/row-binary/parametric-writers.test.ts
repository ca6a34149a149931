import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CellValue, readRows } from '../../../src/clickhouse/clickhouse.ts';
import { RowBinaryEncoder } from '../../../src/clickhouse/row-binary/encoder.ts';
import { withStore } from '../temporary-store.ts';

const whole = (bits: bigint) => fc.bigInt({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n });
const digits = (precision: bigint) => fc.bigInt({ min: 1n - 10n ** precision, max: 10n ** precision - 1n });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const list = <T extends CellValue>(items: fc.Arbitrary<T>) => fc.array(items, { maxLength: 3 });
const text = fc.string({ unit: 'grapheme', maxLength: 5 });
/** A map of at most so many entries. */
const map = (values: fc.Arbitrary<CellValue>, maxLength = 3): fc.Arbitrary<CellValue> =>
  fc.uniqueArray(fc.tuple(text, values), { maxLength, selector: ([key]) => key });

function decimalText(scale: number) {
  return (value: CellValue) => {
    const unscaled = value as bigint;
    const shown = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    const point = shown.length - scale;
    return `${unscaled < 0n ? '-' : ''}${shown.slice(0, point)}${scale === 0 ? '' : `.${shown.slice(point)}`}`;
  };
}

interface Case {
  readonly type: string;
  readonly values: fc.Arbitrary<CellValue>;
  /** What ClickHouse is asked of the column c. */
  readonly shown: string;
  readonly expected: (value: CellValue) => unknown;
}

const hex = (value: CellValue) =>
  Buffer.from(value as Uint8Array)
    .toString('hex')
    .toUpperCase();
const doubles = (view: 'setFloat32' | 'setFloat64', width: number) => (value: CellValue) => {
  const out = new DataView(new ArrayBuffer(width));
  out[view](0, value as number, true);
  return hex(new Uint8Array(out.buffer));
};

/** Each is written by us, stored by the engine, and read back by its own functions. */
const CASES: readonly Case[] = [
  { type: 'Int8', values: whole(8n), shown: 'toString(c)', expected: String },
  { type: 'Int16', values: whole(16n), shown: 'toString(c)', expected: String },
  {
    type: 'Float32',
    values: fc.float(),
    shown: 'hex(reinterpretAsFixedString(c))',
    expected: doubles('setFloat32', 4),
  },
  {
    type: 'Float64',
    values: fc.double(),
    shown: 'hex(reinterpretAsFixedString(c))',
    expected: doubles('setFloat64', 8),
  },
  { type: 'UUID', values: fc.uuid(), shown: 'toString(c)', expected: String },
  { type: 'FixedString(5)', values: bytes(5), shown: 'hex(c)', expected: hex },
  ...([9n, 18n, 38n, 76n] as const).map(
    (precision): Case => ({
      type: `Decimal(${precision}, 2)`,
      values: digits(precision),
      shown: 'toDecimalString(c, 2)',
      expected: decimalText(2),
    }),
  ),
  {
    type: "DateTime64(6, 'UTC')",
    values: fc.bigInt({ min: -2_208_988_800_000_000n, max: 10_413_791_999_999_999n }),
    shown: 'toString(toUnixTimestamp64Micro(c))',
    expected: String,
  },
  {
    type: "DateTime64(9, 'UTC')",
    values: fc.bigInt({ min: -2_208_988_800_000_000_000n, max: 2n ** 63n - 1n }),
    shown: 'toString(toUnixTimestamp64Nano(c))',
    expected: String,
  },
  { type: "Enum8('A' = 1, 'B' = -2)", values: fc.constantFrom('A', 'B'), shown: 'toString(c)', expected: String },
  { type: "Enum16('A' = 1, 'B' = 300)", values: fc.constantFrom('A', 'B'), shown: 'toString(c)', expected: String },
  {
    type: 'Map(String, Nullable(Int32))',
    values: map(fc.option(fc.integer())),
    shown: 'arrayZip(mapKeys(c), mapValues(c))',
    expected: (value) => value,
  },
  {
    type: 'Array(Tuple(`a` Int32, `b c` Array(Nullable(String)), `d` Tuple(`e` Bool)))',
    values: list(fc.tuple(fc.integer(), list(fc.option(text)), fc.tuple(fc.boolean()))),
    shown: 'arrayMap(x -> tuple(x.1, x.2, tuple(x.3.1)), c)',
    expected: (value) => value,
  },
  {
    type: 'Map(String, Map(String, Array(Decimal(9, 2))))',
    values: map(map(list(digits(9n)), 2), 2),
    shown:
      'arrayMap(x -> tuple(x.1, arrayMap(y -> tuple(y.1, arrayMap(z -> toDecimalString(z, 2), y.2)), arrayZip(mapKeys(x.2), mapValues(x.2)))), arrayZip(mapKeys(c), mapValues(c)))',
    expected: (value) =>
      (value as readonly (readonly [string, readonly (readonly [string, readonly bigint[]])[]])[]).map(
        ([key, inner]) => [key, inner.map(([name, numbers]) => [name, numbers.map(decimalText(2))])],
      ),
  },
];
const ROWS = 200;

describe('what is written is what the engine reads', () => {
  test('of every type with arguments, limits among them', async () => {
    await withStore(async ({ clickhouse }) => {
      for (const [at, { type, values, shown, expected }] of CASES.entries()) {
        const table = `headrace.round_trip_${at}`;
        await clickhouse.command(`CREATE TABLE ${table} (i UInt32, c ${type}) ENGINE = MergeTree ORDER BY i`);
        const given = fc.sample(values, ROWS);
        const encoder = new RowBinaryEncoder([
          { name: 'i', type: 'UInt32' },
          { name: 'c', type },
        ]);
        for (const [i, value] of given.entries()) encoder.append([i, value]);
        await clickhouse.insert(table, encoder.columns, encoder.pieces(), { token: `t${at}`, queryId: `q${at}` });
        const rows = await readRows<{ shown: unknown }>(
          clickhouse,
          `SELECT ${shown} AS shown FROM ${table} ORDER BY i`,
        );
        expect({ type, rows: rows.map((row) => row.shown) }).toEqual({ type, rows: given.map(expected) });
      }
    });
  }, 60_000);
});

test.each<[string, CellValue, RegExp]>([
  ['UUID', 'not-a-uuid', /is not a UUID/],
  ['UUID', new Uint8Array(15), /15 bytes is not a UUID/],
  ['FixedString(2)', new Uint8Array(3), /3 bytes is not 2 bytes/],
  ['Decimal(9, 2)', 10n ** 9n, /is not a whole number/],
  ['Decimal(76, 0)', -(10n ** 76n), /is not a whole number/],
  ["DateTime64(6, 'UTC')", 10_413_792_000_000_000n, /is not a whole number/],
  ['Float64', '1', /is not a number/],
  ["Enum8('A' = 1)", 'B', /is not one of A/],
  ['Map(String, Int32)', [['a']], /is not 2 elements/],
  ['Map(String, Int32)', 'x', /is not a map/],
  ['Tuple(`a` Int32)', [1n, 2n], /\["1","2"\] is not 1 elements/],
])('%s refuses %s and leaves nothing behind', (type, value, message) => {
  const encoder = new RowBinaryEncoder([{ name: 'c', type }]);
  expect(() => encoder.append([value])).toThrow(message);
  expect(encoder.bytes()).toHaveLength(0);
});
