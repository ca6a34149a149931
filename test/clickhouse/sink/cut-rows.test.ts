import { expect, test } from 'vitest';
import { CutRows, rowBuffers } from '../../../src/clickhouse/sink/cut-rows.ts';
import { columns, fieldsOf, plainField } from '../../../src/clickhouse/sink-fields.ts';
import type { DecodeValue, SinkTable } from '../../../src/clickhouse/sink-table.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { batchesOf } from '../record-batches.ts';

const table = (topic: string, name = `headrace.${topic}_rows`): SinkTable => ({
  topic,
  table: name,
  columns: columns({ n: 'UInt8' }),
  rows: (record) => (record.value === null ? [] : [[plainField(fieldsOf(record), 'n')]]),
});
const decode: DecodeValue = (_topic, bytes) => (bytes === null ? null : JSON.parse(String(Buffer.from(bytes))));
const tables = (...each: readonly SinkTable[]) =>
  new Map(each.map((one) => [one.topic, { table: one, transcoder: undefined }]));
const numbers = (...values: readonly unknown[]) => values.map((n) => ({ value: n === null ? null : { n } }));

test('records become rows of their tables; those that do not fit are told of, and leave nothing behind', () => {
  const rows = new CutRows(tables(table('a'), table('b'), table('c', 'headrace.a_rows')), decode);
  for (const batch of batchesOf('a', 0, 0, numbers(1, 300, 2, null))) rows.add(batch);
  for (const batch of batchesOf('c', 0, 0, numbers(3))) rows.add(batch);
  for (const batch of batchesOf('b', 0, 0, numbers(null))) rows.add(batch);
  expect(rows.isBroken).toBe(false);
  expect(rows.tables.map((one) => [one.table, ...Buffer.concat(one.pieces())])).toEqual([['headrace.a_rows', 1, 2, 3]]);
  expect(rows.refused.map(({ batch, index }) => batch.offsetAt(index))).toEqual([1]);
  expect(rows.refused[0]).toMatchObject({ rowCount: 0, error: { code: 'SINK_ROW_REFUSED' } });
});

test('only records within the range are taken', () => {
  const rows = new CutRows(tables(table('a')), decode);
  const range = { topic: 'a', partition: 0, from: 11, to: 13 };
  for (const batch of batchesOf('a', 0, 10, numbers(0, 1, 2, 300))) rows.encode(batch, range);
  expect(rows.tables.map((one) => [...Buffer.concat(one.pieces())])).toEqual([[1, 2]]);
  expect(rows.refused).toEqual([]);
});

test('a schema that must be waited for breaks what is prepared, and is thrown where it is to be written', () => {
  let isThere = false;
  const waiting: DecodeValue = (topic, bytes, headers) => {
    if (!isThere) throw new HeadraceError('SCHEMA_UNAVAILABLE', 'later', { retriable: true });
    return decode(topic, bytes, headers);
  };
  const [batch] = batchesOf('a', 0, 0, numbers(1));
  const prepared = new CutRows(tables(table('a')), waiting);
  prepared.add(batch!);
  expect(prepared.isBroken).toBe(true);
  expect(prepared.refused).toEqual([]);
  expect(() => new CutRows(tables(table('a')), waiting).encode(batch!)).toThrow('later');
  isThere = true;
  const again = new CutRows(tables(table('a')), waiting);
  again.encode(batch!);
  expect(again.tables.map((one) => [...Buffer.concat(one.pieces())])).toEqual([[1]]);
});

test('released rows are to be made anew, and the next cut has their buffers', () => {
  const buffers = rowBuffers();
  const cut = (...values: readonly number[]) => {
    const rows = new CutRows(tables(table('a')), decode, buffers);
    const [first, second] = values.map((value, i) => batchesOf('a', 0, i, numbers(value))[0]!);
    rows.add(second!);
    rows.add(first!);
    return rows;
  };
  const [first, ahead] = [cut(1, 2), cut(3, 4)];
  const bufferOf = (rows: CutRows) => rows.tables[0]!.pieces()[0]!.buffer;
  const rowsOf = (rows: CutRows) => [...Buffer.concat(rows.tables[0]!.pieces())];
  const buffer = bufferOf(first);
  expect(rowsOf(first)).toEqual([1, 2]);
  first.release();
  expect(first.isBroken).toBe(true);
  expect(first.tables).toEqual([]);
  const next = cut(5, 6);
  expect(rowsOf(ahead)).toEqual([3, 4]);
  expect(rowsOf(next)).toEqual([5, 6]);
  expect(bufferOf(next)).toBe(buffer);
  expect(bufferOf(ahead)).not.toBe(buffer);
});

test('a topic without a table is refused', () => {
  const [batch] = batchesOf('x', 0, 0, numbers(1));
  expect(() => new CutRows(tables(table('a')), decode).encode(batch!)).toThrow(
    expect.objectContaining({ code: 'TOPIC_UNKNOWN' }),
  );
});
