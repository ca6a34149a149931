import { expect, test } from 'vitest';
import { cells } from '../../../src/clickhouse/field-table/cells.ts';
import { fieldTable } from '../../../src/clickhouse/field-table/field-table.ts';
import type { SinkRecord } from '../../../src/clickhouse/sink-table.ts';

const record = (value: unknown): SinkRecord => ({
  topic: 'orders',
  partition: 0,
  offset: 0,
  timestamp: 0,
  key: null,
  bytes: value === null ? null : Buffer.from('x'),
  value,
  headers: [],
});

const orders = fieldTable({
  topic: 'orders',
  table: 'bank.orders',
  skipsTombstones: true,
  columns: {
    id: ['String', cells.text('id')],
    note: ['String', cells.optionalText('note')],
    version: ['UInt64', cells.plain('version', 'number')],
    place: ['UInt32', cells.plain('source.place')],
    price: ['Int64', cells.minor('lines[].price')],
    paid: ['Int64', cells.minor('lines[].paid', 'lines[].price')],
    decimals: ['UInt8', cells.decimals('lines[].price')],
    terminal: ['String', cells.text('lines[].at.terminal')],
  },
});
const ORDER = {
  id: 'o-1',
  number: 7,
  source: { place: 3 },
  lines: [
    { price: '1.50', paid: '-0.25', at: { terminal: 't-1' } },
    { price: '200', paid: '7', at: { terminal: 't-2' } },
  ],
};

test('each item of the list is a row, with the cells of its value before it', () => {
  expect(orders.columns.map(({ name, type }) => `${name} ${type}`)).toContain('price Int64');
  expect(orders.rows(record(ORDER))).toEqual([
    ['o-1', '', 7, 3, 150n, -25n, 2, 't-1'],
    ['o-1', '', 7, 3, 200n, 7n, 0, 't-2'],
  ]);
  expect(orders.rows(record({ ...ORDER, version: 9, note: 'n', lines: ORDER.lines.slice(1) }))).toEqual([
    ['o-1', 'n', 9, 3, 200n, 7n, 0, 't-2'],
  ]);
  expect(orders.rows(record({ ...ORDER, lines: [] }))).toEqual([]);
});

test('what a field can’t be is refused with its name', () => {
  const refused = (value: unknown) => () => orders.rows(record(value));
  expect(refused({ ...ORDER, id: 5 })).toThrow('id is not a text');
  expect(refused({ ...ORDER, number: undefined })).toThrow('number is missing');
  expect(refused({ ...ORDER, source: null })).toThrow('source is not an object');
  expect(refused({ ...ORDER, lines: {} })).toThrow('lines is not a list');
  expect(refused({ ...ORDER, lines: [{ ...ORDER.lines[0], paid: '0.250' }] })).toThrow('with 2 decimals');
});

test('a tombstone is no row where the table says so, and else refused', () => {
  expect(orders.rows(record(null))).toEqual([]);
  const strict = fieldTable({ topic: 'a', table: 'b.a', columns: { id: ['String', cells.text('id')] } });
  expect(() => strict.rows(record(null))).toThrow('the value is not an object');
});

test('a row of two lists is refused', () => {
  const columns = { a: ['String', cells.text('a[].x')], b: ['String', cells.text('b[].x')] } as const;
  expect(() => fieldTable({ topic: 'a', table: 'b.a', columns })).toThrow(
    expect.objectContaining({ code: 'TOPOLOGY_INVALID' }),
  );
});
