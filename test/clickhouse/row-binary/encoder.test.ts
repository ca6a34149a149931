import { expect, test } from 'vitest';
import type { CellValue } from '../../../src/clickhouse/clickhouse.ts';
import { RowBinaryEncoder } from '../../../src/clickhouse/row-binary/encoder.ts';

function encoded(type: string, value: CellValue): string {
  const encoder = new RowBinaryEncoder([{ name: 'c', type }]);
  encoder.append([value]);
  return Buffer.from(encoder.bytes()).toString('hex');
}

// https://clickhouse.com/docs/interfaces/formats/RowBinary
const LONG = 'x'.repeat(300);
test.each<[string, CellValue, string]>([
  ['String', '', '00'],
  ['String', 'aé😀', '0761c3a9f09f9880'],
  ['String', LONG, `ac02${'78'.repeat(300)}`],
  ['String', new Uint8Array([0, 255]), '0200ff'],
  ['LowCardinality(String)', 'a', '0161'],
  ['Bool', true, '01'],
  ['UInt8', 255, 'ff'],
  ['UInt16', 258, '0201'],
  ['UInt32', 4_294_967_295, 'ffffffff'],
  ['Int32', -2, 'feffffff'],
  ['UInt64', 9_007_199_254_740_991, 'ffffffffffff1f00'],
  ['UInt64', 2n ** 64n - 1n, 'ffffffffffffffff'],
  ['Int64', -1, 'ffffffffffffffff'],
  ['Int64', -(2n ** 63n), '0000000000000080'],
  ['Int64', 2n ** 63n - 1n, 'ffffffffffffff7f'],
  ['Int128', -2n, 'feffffffffffffffffffffffffffffff'],
  ['Int128', 2n ** 64n, '00000000000000000100000000000000'],
  ["DateTime64(3, 'UTC')", '1970-01-01T00:00:00.001Z', '0100000000000000'],
  ['DateTime64(3)', -1, 'ffffffffffffffff'],
  ["DateTime64(3, 'UTC')", '2024-02-29T00:00:00Z', '002829f28d010000'],
  ['Date32', '1970-01-02', '01000000'],
  ['Date32', '1969-12-31', 'ffffffff'],
  ['Nullable(String)', null, '01'],
  ['Nullable(String)', 'a', '000161'],
  ['Array(String)', ['a', ''], '02016100'],
  ['Array(Nullable(UInt8))', [1, null], '02000101'],
])('%s of %s', (type, value, bytes) => {
  expect(encoded(type, value)).toBe(bytes);
});

test.each<[string, CellValue]>([
  ['String', 1],
  ['Bool', 1],
  ['UInt8', 256],
  ['UInt8', -1],
  ['UInt8', 1.5],
  ['UInt32', 2 ** 32],
  ['UInt64', -1n],
  ['UInt64', 2n ** 64n],
  ['UInt64', 2 ** 53],
  ['Int64', 2n ** 63n],
  ['Int64', Number.NaN],
  ['Int64', '1'],
  ['Int128', 2n ** 127n],
  ["DateTime64(3, 'UTC')", '2023-02-29T00:00:00.000Z'],
  ["DateTime64(3, 'UTC')", '2023-02-28T24:00:01.000Z'],
  ["DateTime64(3, 'UTC')", '2023-02-28T00:00:00.000+01:00'],
  ["DateTime64(3, 'UTC')", '2300-01-01T00:00:00.000Z'],
  ["DateTime64(3, 'UTC')", Number.POSITIVE_INFINITY],
  ['Date32', '2023-04-31'],
  ['Date32', '1899-12-31'],
  ['Date32', '2023-1-1'],
  ['Nullable(UInt8)', 'x'],
  ['Array(String)', 'x'],
])('%s refuses %s and leaves nothing behind', (type, value) => {
  const encoder = new RowBinaryEncoder([
    { name: 'before', type: 'String' },
    { name: 'c', type },
  ]);
  expect(() => encoder.append(['text', value])).toThrow(
    expect.objectContaining({ code: 'SINK_ROW_REFUSED', message: expect.stringContaining('Column c: ') }),
  );
  expect(encoder.bytes()).toHaveLength(0);
  expect(encoder.rowCount).toBe(0);
});

test('rows of another width and types that nobody knows are refused; a rewind takes rows back', () => {
  expect(() => new RowBinaryEncoder([{ name: 'c', type: 'Point' }])).toThrow(/Point/);
  const encoder = new RowBinaryEncoder([{ name: 'c', type: 'UInt8' }]);
  expect(() => encoder.append([])).toThrow(expect.objectContaining({ code: 'SINK_ROW_REFUSED' }));
  encoder.append([1]);
  const mark = encoder.mark();
  encoder.append([2]);
  encoder.rewind(mark);
  encoder.append([3]);
  expect([...encoder.bytes()]).toEqual([1, 3]);
  expect(encoder.rowCount).toBe(2);
});
