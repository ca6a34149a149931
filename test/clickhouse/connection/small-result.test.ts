import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClickHouse, readRows, readText } from '../../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../../src/clickhouse/connection/embedded.ts';
import type { HeadraceError } from '../../../src/errors.ts';

const parent = mkdtempSync(join(tmpdir(), 'headrace-small-result-'));
let clickhouse: ClickHouse;

beforeAll(async () => {
  clickhouse = await openEmbedded({ path: join(parent, 'data'), readers: 2 });
  await clickhouse.command('CREATE DATABASE headrace');
  await clickhouse.command('CREATE TABLE headrace.words (n Int64, word String) ENGINE = MergeTree ORDER BY n');
});

afterAll(async () => {
  await clickhouse.close();
  rmSync(parent, { recursive: true, force: true });
});

const DEEP = 'SELECT throwIf(number = 150000) AS zero FROM numbers(200000) WHERE number > 149000';
test.each([
  ['text', "SELECT 'é😀\\0\\n' AS text, number FROM numbers(3)", {}],
  ['nothing', 'SELECT 1 AS one WHERE 0', {}],
  ['bytes that are no text', "SELECT unhex('ff41') AS bytes", {}],
  ['another format', 'SELECT number AS n FROM numbers(3)', { format: 'RowBinary' }],
  ['a format of its own', "SELECT 'a\\0b' AS n FORMAT RowBinary", {}],
  ['no SELECT', 'SHOW TABLES', {}],
  ['more than is small', "SELECT number, repeat('x', 100) AS text FROM numbers(200000) ORDER BY number", {}],
  ['what is refused', DEEP, {}],
  ['what is unknown', 'SELECT nothing FROM words', {}],
  ['a limit of the caller', 'SELECT number FROM numbers(1000)', { settings: { max_result_bytes: 100 } }],
  ['another database', 'SELECT name FROM one_table', { database: 'headrace' }],
  ['no database', 'SELECT 1 AS one', { database: 'nowhere' }],
])('a result that is said to be small is the same in every byte: %s', async (_what, sql, options) => {
  const read = async (isSmall: boolean) => {
    const formats: string[] = [];
    const chunks: Uint8Array[] = [];
    const onFormat = (format: string) => void formats.push(format);
    try {
      for await (const chunk of clickhouse.read(sql, { ...options, isSmall, onFormat })) chunks.push(chunk);
    } catch (error) {
      const { code, message, retriable } = error as HeadraceError;
      return { code, retriable, message: message.replaceAll(/: (While executing|while executing) .*/gs, '') };
    }
    return { formats, bytes: Buffer.concat(chunks).toString('latin1') };
  };
  expect(await read(true)).toEqual(await read(false));
});

test('what is set for a small query is gone with it', async () => {
  const small = { isSmall: true };
  const set = { ...small, parameters: { a: 'x' }, settings: { max_block_size: 7 } };
  const sql = "SELECT getSetting('max_block_size') AS size, {a:String} AS a";
  expect(await readRows(clickhouse, sql, set)).toEqual([{ size: 7, a: 'x' }]);
  await expect(readRows(clickhouse, sql, small)).rejects.toMatchObject({
    message: expect.stringContaining('Code: 456'),
  });
  const size = "SELECT getSetting('max_block_size') AS size";
  expect(await readRows(clickhouse, size, small)).not.toEqual([{ size: 7 }]);
});

test('NUL in what is set and asked for is what it is', async () => {
  const sql = 'SELECT {words:Array(String)} AS words, {raw:String} AS raw';
  for (const isSmall of [false, true]) {
    const options = { isSmall, parameters: { words: ['a\0b', 'c'] }, escapedParameters: { raw: 'd\0e' } };
    expect(await readRows(clickhouse, sql, options)).toEqual([{ words: ['a\0b', 'c'], raw: 'd\0e' }]);
  }
});

test('more rows than the caller allows are refused at once, not asked for once more', async () => {
  const settings = { max_result_rows: 10, max_result_bytes: 1024 ** 3 };
  const sql = 'SELECT number, sleepEachRow(0.002) FROM numbers(500) SETTINGS max_block_size = 50';
  const before = performance.now();
  const refused = readRows(clickhouse, sql, { isSmall: true, settings });
  await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('Code: 396') });
  const once = performance.now() - before;
  const streamed = performance.now();
  await expect(readRows(clickhouse, sql, { settings })).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  expect(once).toBeLessThan((performance.now() - streamed) * 1.6 + 100);
});

test.each([
  [false, undefined, 0],
  [true, undefined, 16 * 1024 ** 2],
  [true, 1_000, 1_000],
  [true, 1024 ** 3, 16 * 1024 ** 2],
])('is bounded (small: %j, given %j bytes)', async (isSmall, given, bytes) => {
  const settings = given === undefined ? {} : { max_result_bytes: given };
  const bounds = ['readonly', 'max_memory_usage', 'max_execution_time', 'max_result_bytes'];
  const sql = `SELECT ${bounds.map((name) => `toInt64(getSetting('${name}')) AS ${name}`).join(', ')}`;
  expect(await readText(clickhouse, sql, { isSmall, settings, format: 'JSONEachRow' })).toBe(
    `{"readonly":"1","max_memory_usage":"${2 * 1024 ** 3}","max_execution_time":"60","max_result_bytes":"${bytes}"}\n`,
  );
});
