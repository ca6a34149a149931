import { expect, test } from 'vitest';
import type { ClickHouse, InsertOptions } from '../../../src/clickhouse/clickhouse.ts';
import { ClickHouseSinkTarget } from '../../../src/clickhouse/sink-target.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { batchesOf, cutOf } from '../record-batches.ts';

test('a cut that fails has ended with all its tables, sends no other, and nothing before their shapes fit', async () => {
  const running = new Set<string>();
  const seen: string[] = [];
  let isChecked = false;
  const clickhouse = {
    rows: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      isChecked = true;
      return [...'abcd'].map((table) => ({ database: 'x', table, name: 'n', type: 'String', default_kind: 'DEFAULT' }));
    },
    insert: async (table: string, _columns: unknown, _pieces: unknown, { after, signal }: InsertOptions) => {
      await after;
      expect(isChecked).toBe(true);
      // One after the other, the last of them when the first has failed.
      await new Promise((resolve) => setTimeout(resolve, table.endsWith('d') ? 40 : 0));
      signal?.throwIfAborted();
      running.add(table);
      seen.push(table);
      await new Promise((resolve) => setTimeout(resolve, table.endsWith('b') ? 60 : 20));
      running.delete(table);
      if (table.endsWith('a')) throw new HeadraceError('CLICKHOUSE_FAILED', 'away', { retriable: true });
    },
  } as unknown as ClickHouse;
  const tables = ['a', 'b', 'c', 'd'].map((name) => ({
    topic: name,
    table: `x.${name}`,
    columns: [],
    rows: () => [[]],
  }));
  const write = (topics: string) => {
    const batches = [...topics].flatMap((topic) => batchesOf(topic, 0, 0, [{ value: {} }]));
    return new ClickHouseSinkTarget(clickhouse, tables).write(cutOf(1, batches), batches);
  };
  await expect(write('abcd')).rejects.toThrow('away');
  expect([[...running], seen]).toEqual([[], ['x.a', 'x.b', 'x.c']]);
  expect((await write('bcd')).rows).toBe(3);
});

test('behind a failed try the shapes are looked at before any rows are made ready', async () => {
  const seen: string[] = [];
  let name = 'other';
  const clickhouse = {
    rows: async () => [{ database: 'x', table: 'a', name, type: 'String', default_kind: 'DEFAULT' }],
    insert: async (table: string, _columns: unknown, _pieces: unknown, { after }: InsertOptions) => {
      seen.push(table);
      await after;
    },
  } as unknown as ClickHouse;
  const columns = [{ name: 'n', type: 'String' }];
  const table = { topic: 'a', table: 'x.a', columns, rows: () => [['one']] };
  const target = new ClickHouseSinkTarget(clickhouse, [table]);
  const batches = batchesOf('a', 0, 0, [{ value: {} }]);
  const write = () => target.write(cutOf(1, batches), batches);
  await expect(write()).rejects.toMatchObject({ code: 'TABLE_MISMATCH' });
  expect(seen).toEqual(['x.a']);
  await expect(write()).rejects.toMatchObject({ code: 'TABLE_MISMATCH' });
  expect(seen).toEqual(['x.a']);
  name = 'n';
  expect((await write()).rows).toBe(1);
  expect(seen).toEqual(['x.a', 'x.a']);
});
