import { afterAll, beforeAll, expect, test } from 'vitest';
import { type QueryOptions, runQuery } from '../../src/clickhouse/query-format.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import { temporaryDirectory } from '../embedded-log.ts';
import { openAt } from './temporary-store.ts';

const directory = temporaryDirectory();
let store: Store;

beforeAll(async () => {
  store = await openAt(directory.path);
});
afterAll(async () => {
  await store.close();
  directory.remove();
});

async function printed(sql: string, options: QueryOptions): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of runQuery(store.clickhouse, sql, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const ROW = "SELECT toDecimal128('12345678901234.5678', 4) AS x, 'a\"b' AS y, toUInt64(18446744073709551615) AS z";

test('an object a line', async () => {
  expect(await printed(ROW, { output: 'json' })).toBe(
    '{"x":"12345678901234.5678","y":"a\\"b","z":"18446744073709551615"}\n',
  );
});

test('CSV has its head once, however many chunks there are, also where a name holds a line end', async () => {
  expect(await printed(ROW, { output: 'csv' })).toBe('"x","y","z"\n12345678901234.5678,"a""b",18446744073709551615\n');
  const lines = await printed('SELECT number AS `n\nm` FROM numbers(300000)', { output: 'csv' });
  expect(lines.startsWith('"n\nm"\n0\n1\n')).toBe(true);
  expect(lines.split('\n').length).toBe(300_000 + 3);
  expect(await printed('SELECT 1 AS a WHERE 0', { output: 'csv' })).toBe('"a"\n');
});

test('a table for people, with colours on a terminal only, and a limit', async () => {
  expect(await printed('SELECT 1 AS a, 12.5 AS b', { output: 'table' })).toBe(
    '┌─a─┬────b─┐\n│ 1 │ 12.5 │\n└───┴──────┘\n',
  );
  expect(await printed('SELECT 1 AS a', { output: 'table', isTerminal: true })).toContain('\u001b[');
  const long = await printed('SELECT number FROM numbers(100000)', { output: 'table' });
  expect(long.match(/number/g)).toHaveLength(1);
  expect(long).toMatch(/Showed (first )?10000/);
});

test('a huge result passes through without being held', async () => {
  const before = process.memoryUsage().rss;
  let bytes = 0;
  for await (const chunk of runQuery(
    store.clickhouse,
    "SELECT number, repeat('x', 100) AS text FROM numbers(4000000)",
    { output: 'json' },
  )) {
    bytes += chunk.length;
  }
  expect(bytes).toBeGreaterThan(400_000_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
});

test('a query that names its format keeps it', async () => {
  expect(await printed('SELECT number FROM numbers(2) FORMAT JSONCompactColumns', { output: 'csv' })).toContain(
    '[\n\t["0", "1"]\n]',
  );
});
