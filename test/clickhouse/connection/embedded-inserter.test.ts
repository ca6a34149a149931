import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClickHouse, type InsertOptions, readRows, readText } from '../../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../../src/clickhouse/connection/embedded.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { COLUMNS, makeNumbersTable, rows } from './numbers-table.ts';

const parent = mkdtempSync(join(tmpdir(), 'headrace-embedded-'));
// The braces are a pattern to file(), through which the rows go.
const path = join(parent, 'data {a,b} *?');
let clickhouse: ClickHouse;

beforeAll(async () => {
  clickhouse = await openEmbedded({ path, readers: 4 });
  await makeNumbersTable(clickhouse);
});

afterAll(async () => {
  await clickhouse.close();
  rmSync(parent, { recursive: true, force: true });
});

test('rows come in, the same token again changes nothing, and the token of one insert is not the next one’s', async () => {
  const insert = (from: number, token: string) =>
    clickhouse.insert('headrace.numbers_rows', COLUMNS, [rows(from, 10)], { token, queryId: token });
  await insert(0, 'one');
  await insert(0, 'one');
  await insert(100, 'two');
  await clickhouse.command("INSERT INTO headrace.numbers_rows SETTINGS async_insert = 0 VALUES (1000, 'c')");
  const [sums] = await readRows(clickhouse, 'SELECT count() AS count, sum(n) AS sum FROM numbers_rows');
  expect(sums).toEqual({ count: '21', sum: String(45 + 1045 + 1000) });
  await clickhouse.command('TRUNCATE TABLE headrace.numbers_rows');
});

test('rows of one key become one at the insert, unless each is said to have its own', async () => {
  await clickhouse.command('CREATE TABLE headrace.keys_rows (n Int64) ENGINE = ReplacingMergeTree ORDER BY n');
  const twice = Buffer.alloc(16);
  const column = COLUMNS.slice(0, 1);
  const stored = async () => readText(clickhouse, 'SELECT count() FROM headrace.keys_rows', { format: 'TSV' });
  await clickhouse.insert('headrace.keys_rows', column, [twice], { token: 'k1', queryId: 'k1' });
  expect(await stored()).toBe('1\n');
  await clickhouse.insert('headrace.keys_rows', column, [twice], { token: 'k2', queryId: 'k2', hasUniqueKeys: true });
  expect(await stored()).toBe('3\n');
  await clickhouse.command('DROP TABLE headrace.keys_rows');
});

test('nothing is sent before what must come about first has, and where that fails, nothing is', async () => {
  const failed = new HeadraceError('TABLE_MISMATCH', 'not the table', { retriable: true });
  const insert = (after: Promise<void>, token: string) =>
    clickhouse.insert('headrace.numbers_rows', COLUMNS, [rows(0, 10)], { token, queryId: token, after });
  const stored = () => readText(clickhouse, 'SELECT count() FROM numbers_rows', { format: 'TSV' });
  await expect(insert(Promise.reject(failed), 'never')).rejects.toBe(failed);
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const inserted = insert(ready, 'ready');
  await sleep(100);
  expect(await stored()).toBe('0\n');
  isReady();
  await inserted;
  expect(await stored()).toBe('10\n');
  await clickhouse.command('TRUNCATE TABLE headrace.numbers_rows');
});

test('an insert that is not sent yet is not sent when its signal is aborted', async () => {
  const failed = new HeadraceError('CLICKHOUSE_FAILED', 'another table failed', { retriable: true });
  const abort = new AbortController();
  const before: (() => void)[] = [];
  const hold = () => new Promise<void>((resolve) => before.push(resolve));
  const insert = (from: number, more: Partial<InsertOptions>) => {
    const token = `signal-${from}`;
    return clickhouse.insert('headrace.numbers_rows', COLUMNS, [rows(from, 10)], { token, queryId: token, ...more });
  };
  const inserts = [insert(0, { after: hold(), signal: abort.signal }), insert(100, {})];
  abort.abort(failed);
  for (const release of before) release();
  await expect(inserts[0]).rejects.toBe(failed);
  await inserts[1];
  expect(await readText(clickhouse, 'SELECT min(n), count() FROM numbers_rows', { format: 'TSV' })).toBe('100\t10\n');
  await clickhouse.command('TRUNCATE TABLE headrace.numbers_rows');
});

test('one that waits for what must come first holds up no other', async () => {
  const held: (() => void)[] = [];
  const waiting = [1, 2, 3].map((n) => {
    const after = new Promise<void>((resolve) => held.push(resolve));
    const token = `waits-${n}`;
    return clickhouse.insert('headrace.numbers_rows', COLUMNS, [rows(n * 100, 10)], { token, queryId: token, after });
  });
  await clickhouse.insert('headrace.numbers_rows', COLUMNS, [rows(0, 10)], { token: 'free', queryId: 'free' });
  expect(await readText(clickhouse, 'SELECT count() FROM numbers_rows', { format: 'TSV' })).toBe('10\n');
  for (const release of held) release();
  await Promise.all(waiting);
  expect(await readText(clickhouse, 'SELECT count() FROM numbers_rows', { format: 'TSV' })).toBe('40\n');
  await clickhouse.command('TRUNCATE TABLE headrace.numbers_rows');
});

test('a failing insert says which table, with ClickHouse’s text and code, and whether it may pass', async () => {
  const insert = clickhouse.insert('headrace.nowhere', COLUMNS, [rows(0, 1)], { token: 'x', queryId: 'x' });
  await expect(insert).rejects.toMatchObject({
    code: 'TABLE_MISMATCH',
    retriable: true,
    message: expect.stringMatching(/headrace\.nowhere.*Code: 60/s),
  });
});
