import { expect, test } from 'vitest';
import { BufferPool } from '../../../src/clickhouse/row-binary/buffer-pool.ts';
import { TableRows } from '../../../src/clickhouse/sink/table-rows.ts';
import { batchesOf } from '../record-batches.ts';

const COLUMNS = [{ name: 'n', type: 'UInt8' }];

/** Two rows for a 2, none for a 0. */
function encode(rows: TableRows, topic: string, partition: number, from: number, values: readonly number[]): void {
  const [batch] = batchesOf(
    topic,
    partition,
    from,
    values.map((value) => ({ value })),
  );
  rows.begin(batch!);
  for (const value of values) {
    const count = value === 0 ? 0 : value === 2 ? 2 : 1;
    for (let n = 0; n < count; n++) rows.encoder.append([value]);
    rows.endRecord(count);
  }
}

test('whatever order batches come in, and however they are split, the bytes are the same', () => {
  const straight = new TableRows('t', COLUMNS);
  encode(straight, 'a', 0, 0, [1, 2, 3]);
  encode(straight, 'a', 1, 0, [4]);
  encode(straight, 'b', 0, 0, [5]);
  expect([...Buffer.concat(straight.pieces())]).toEqual([1, 2, 2, 3, 4, 5]);
  const mixed = new TableRows('t', COLUMNS);
  encode(mixed, 'b', 0, 0, [5]);
  encode(mixed, 'a', 0, 0, [1, 2]);
  encode(mixed, 'a', 1, 0, [4]);
  encode(mixed, 'a', 0, 2, [3]);
  expect([...Buffer.concat(mixed.pieces())]).toEqual([1, 2, 2, 3, 4, 5]);
  expect(mixed.rowCount).toBe(6);
});

test('every record knows its rows among the bytes', () => {
  const rows = new TableRows('t', COLUMNS);
  encode(rows, 'b', 0, 7, [5, 0, 2]);
  encode(rows, 'a', 1, 3, [0, 9]);
  const bytes = Buffer.concat(rows.pieces());
  expect(
    rows.records().map(({ batch, index, start, end, rowCount }) => ({
      at: `${batch.topic}-${batch.partition}-${batch.offsetAt(index)}`,
      rows: [...bytes.subarray(start, end)],
      rowCount,
    })),
  ).toEqual([
    { at: 'a-1-4', rows: [9], rowCount: 1 },
    { at: 'b-0-7', rows: [5], rowCount: 1 },
    { at: 'b-0-9', rows: [2, 2], rowCount: 2 },
  ]);
});

test('rows that lie in many buffers, with batches in any order, are the same rows in order', () => {
  const rows = new TableRows('t', COLUMNS, new BufferPool(7));
  const batches = Array.from({ length: 60 }, (_, i) => i);
  const shuffled = batches.toSorted((one, other) => ((one * 37) % 61) - ((other * 37) % 61));
  for (const i of shuffled)
    encode(
      rows,
      'a',
      i % 5,
      100 * i,
      Array.from({ length: 40 }, (_, n) => 3 + ((i + n) % 200)),
    );
  const inOrder = batches.toSorted((one, other) => (one % 5) - (other % 5) || one - other);
  const due = inOrder.flatMap((i) => Array.from({ length: 40 }, (_, n) => 3 + ((i + n) % 200)));
  const bytes = Buffer.concat(rows.pieces());
  expect([...bytes]).toEqual(due);
  expect(rows.records().map(({ start, end }) => [...bytes.subarray(start, end)])).toEqual(due.map((value) => [value]));
});
