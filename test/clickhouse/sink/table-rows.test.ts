import { expect, test } from 'vitest';
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
  const ends = rows.begin(batch!);
  values.forEach((value, i) => {
    for (let n = 0; n < (value === 0 ? 0 : value === 2 ? 2 : 1); n++) rows.encoder.append([value]);
    ends.bytes[i] = rows.byteLength;
    ends.rows[i] = value === 0 ? 0 : value === 2 ? 2 : 1;
  });
}

test('whatever order batches come in, and however they are split, the bytes are the same', () => {
  const straight = new TableRows('t', COLUMNS);
  encode(straight, 'a', 0, 0, [1, 2, 3]);
  encode(straight, 'a', 1, 0, [4]);
  encode(straight, 'b', 0, 0, [5]);
  expect([...straight.bytes()]).toEqual([1, 2, 2, 3, 4, 5]);
  const mixed = new TableRows('t', COLUMNS);
  encode(mixed, 'b', 0, 0, [5]);
  encode(mixed, 'a', 0, 0, [1, 2]);
  encode(mixed, 'a', 1, 0, [4]);
  encode(mixed, 'a', 0, 2, [3]);
  expect([...mixed.bytes()]).toEqual([1, 2, 2, 3, 4, 5]);
  expect(mixed.rowCount).toBe(6);
});

test('every record knows its rows among the bytes', () => {
  const rows = new TableRows('t', COLUMNS);
  encode(rows, 'b', 0, 7, [5, 0, 2]);
  encode(rows, 'a', 1, 3, [0, 9]);
  const bytes = rows.bytes();
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
