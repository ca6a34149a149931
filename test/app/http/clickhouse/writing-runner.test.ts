import { gzipSync } from 'node:zlib';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServedStore, serveStore } from './served-store.ts';

let served: ServedStore;
beforeAll(async () => {
  served = await serveStore(true);
  await served.text('CREATE DATABASE headrace');
  await served.text(
    "CREATE TABLE words (n Int64, word LowCardinality(String), twice Int64 MATERIALIZED n * 2, day Date DEFAULT '2026-01-01') ENGINE = MergeTree ORDER BY n",
  );
});
afterAll(() => served.close());

const words = () => served.text('SELECT n, word, twice, day FROM words ORDER BY n');
const empty = () => served.text('TRUNCATE TABLE words');

test('rows come in every way in which clients send them', async () => {
  await served.text("INSERT INTO words (n, word) VALUES (1, 'a'), (2, ';')");
  await served.text('3\tc\n', { query: 'INSERT INTO words (n, word) FORMAT TabSeparated' });
  await served.text('INSERT INTO words FORMAT JSONEachRow\n{"n": 4, "word": "d", "day": "2026-02-02"}\n');
  const row = Buffer.alloc(10);
  row.writeBigInt64LE(10n);
  row.write('\u0001\n', 8, 'latin1');
  const binary = new URLSearchParams({
    query: 'INSERT INTO words (`n`, word) SETTINGS async_insert = 0 FORMAT RowBinary',
  });
  const init = { method: 'POST', body: gzipSync(row), headers: { 'Content-Encoding': 'gzip' } };
  expect((await fetch(`${served.address}/?${binary}`, init)).status).toBe(200);
  const client = createClient({ url: served.address, database: 'headrace' });
  await client.insert({ table: 'words', values: [{ n: 11, word: 'é', day: '2026-03-03' }], format: 'JSONEachRow' });
  await client.command({
    query: 'INSERT INTO words (n, word) SELECT {n:Int64}, {w:String}',
    query_params: { n: 12, w: "'" },
  });
  await client.close();
  expect(await words()).toBe(
    [
      '1\ta\t2\t2026-01-01',
      '2\t;\t4\t2026-01-01',
      '3\tc\t6\t2026-01-01',
      '4\td\t8\t2026-02-02',
      '10\t\\n\t20\t2026-01-01',
      '11\té\t22\t2026-03-03',
      "12\t\\'\t24\t2026-01-01",
      '',
    ].join('\n'),
  );
  await empty();
});

test('what comes by GET only reads', async () => {
  const query = (sql: string) => fetch(`${served.address}/?${new URLSearchParams({ query: sql })}`);
  expect(await (await query('SELECT 1')).text()).toBe('1\n');
  expect(await (await query('DROP TABLE words')).text()).toMatch(/^Code: 164\./);
});

test('a setting of one statement is not the next one’s', async () => {
  expect(await served.text('SELECT count() FROM words', { max_threads: '3', readonly: '1' })).toBe('0\n');
  expect((await served.ask('DROP TABLE words', { readonly: '1' })).status).toBe(500);
  expect(await served.text("SELECT getSetting('readonly'), getSetting('max_threads') = 3")).toBe('0\t0\n');
});

test('a statement under the id of one that runs is refused', { timeout: 30_000 }, async () => {
  const first = served.text('SELECT sleep(1.5)', { query_id: 'one' });
  for (let tries = 0; ; tries++) {
    const again = await served.ask('SELECT sleep(0.2)', { query_id: 'one' });
    const text = await again.text();
    if (text.startsWith('Code: 216.')) break;
    if (tries === 5) throw new RangeError(text);
  }
  expect(await first).toBe('0\n');
  expect(await served.text('SELECT 2', { query_id: 'one' })).toBe('2\n');
});

test.each([
  ['INSERT INTO nowhere FORMAT JSONEachRow\n{}', 60],
  ['INSERT INTO words FORMAT JSONEachRow\n{"n": "x"}', 27],
  ['INSERT INTO words (nothing) FORMAT JSONEachRow\n{}', 16],
  ['DROP TABLE nowhere', 60],
])('%j fails with ClickHouse’s own code', async (sql, code) => {
  const response = await served.ask(sql);
  expect(response.headers.get('x-clickhouse-exception-code'), await response.text()).toBe(String(code));
  expect(await words()).toBe('');
});
