import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClickHouse, readRows, readText } from '../../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../../src/clickhouse/connection/embedded.ts';
import { COLUMNS, makeNumbersTable, rows } from './numbers-table.ts';

const parent = mkdtempSync(join(tmpdir(), 'headrace-embedded-'));
// The braces are a pattern to file(), through which the rows go.
const path = join(parent, 'data {a,b} *?');
const secret = join(parent, 'secret.txt');
let clickhouse: ClickHouse;

beforeAll(async () => {
  writeFileSync(secret, 'top secret\n');
  clickhouse = await openEmbedded({ path, readers: 4 });
  await makeNumbersTable(clickhouse);
});

afterAll(async () => {
  await clickhouse.close();
  rmSync(parent, { recursive: true, force: true });
});

describe('reading', () => {
  test('what a query had made before it failed is not in the result of the next', async () => {
    const failing =
      'SELECT throwIf(number = 50000) AS zero, number AS n FROM numbers(100000) SETTINGS max_block_size = 1000';
    await expect(clickhouse.rows(failing)).rejects.toMatchObject({ code: 'CLICKHOUSE_FAILED' });
    expect(await clickhouse.rows('SELECT 42 AS good')).toEqual([{ good: 42 }]);
  });

  test('64-bit integers and decimals are exact', async () => {
    const sql = "SELECT toDecimal128('12345678901234.5678', 4) AS x, toInt64(9223372036854775807) AS y, '/' AS z";
    expect(await readText(clickhouse, sql)).toBe('{"x":"12345678901234.5678","y":"9223372036854775807","z":"/"}\n');
  });

  test('parameters arrive as they are, also at the same time', async () => {
    const texts = ["it's \\ \n \t\r \\n '' é😀", '', '{', "'); DROP TABLE x; --"];
    const read = async (text: string, n: number) =>
      readRows(clickhouse, 'SELECT {text:String} AS text, {n:Int64} AS n, {list:Array(String)} AS list', {
        parameters: { text, n: BigInt(n), list: [text, 'b'] },
      });
    for (let round = 0; round < 10; round++) {
      const found = await Promise.all(texts.map((text, i) => read(text, round * 10 + i)));
      expect(found).toEqual(texts.map((text, i) => [{ text, n: String(round * 10 + i), list: [text, 'b'] }]));
    }
  });

  test('statements that are no SELECT, formats of their own, and nothing at all', async () => {
    expect(await readText(clickhouse, 'SHOW TABLES')).toBe('{"name":"numbers_rows"}\n');
    expect(await readText(clickhouse, 'EXISTS TABLE numbers_rows;', { format: 'TSV' })).toBe('1\n');
    expect(await readText(clickhouse, 'SELECT 1 AS a FORMAT JSONCompact')).toContain('"rows": 1');
    expect(await readText(clickhouse, 'SELECT 1 WHERE 0')).toBe('');
  });

  test.each([
    ['SELECT nothing FROM numbers_rows', /Code: 47.*nothing/s],
    ['SELEC 1', /Code: 62.*Syntax error/s],
    ['', /Code: 62/],
    ['SELECT throwIf(number = 150000) FROM numbers(200000)', /Code: 395/],
  ])('%j fails with ClickHouse’s own message', async (sql, message) => {
    const error = await readText(clickhouse, sql).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'QUERY_FAILED', message: expect.stringMatching(message) });
  });

  test('a query ends at its time limit', async () => {
    const before = performance.now();
    await expect(
      readText(clickhouse, 'SELECT count() FROM system.numbers', { timeLimitSeconds: 1 }),
    ).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining('Code: 159'),
    });
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test('a reader that turns away ends the query and frees its slot', async () => {
    for (let i = 0; i < 10; i++) {
      for await (const chunk of clickhouse.read('SELECT number FROM system.numbers')) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    expect(await readText(clickhouse, 'SELECT 1 AS a')).toBe('{"a":1}\n');
  });

  test('eight readers beside a writer all see whole inserts', async () => {
    let isDone = false;
    const counts: number[] = [];
    const read = async () => {
      while (!isDone) {
        const [row] = await readRows<{ count: string }>(clickhouse, 'SELECT count() AS count FROM numbers_rows');
        counts.push(Number(row?.count));
      }
    };
    const readers = Array.from({ length: 8 }, read);
    for (let i = 0; i < 20; i++) {
      await clickhouse.insert('headrace.numbers_rows', COLUMNS, [rows(i * 1000, 1000)], {
        token: `c${i}`,
        queryId: `c${i}`,
      });
    }
    isDone = true;
    await Promise.all(readers);
    expect(counts.length).toBeGreaterThan(8);
    expect(counts.filter((count) => count % 1000 !== 0)).toEqual([]);
    expect(await readText(clickhouse, 'SELECT count() FROM numbers_rows', { format: 'TSV' })).toBe('20000\n');
  });
});

describe('what a reader may not do', () => {
  const outside = join(parent, 'written.txt');
  const refused = [
    'INSERT INTO numbers_rows VALUES (1, 1)',
    'CREATE TABLE headrace.x (n Int8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE x (n Int8) ENGINE = Memory',
    'DROP TABLE numbers_rows',
    'ALTER TABLE numbers_rows DELETE WHERE 1',
    'TRUNCATE TABLE numbers_rows',
    'OPTIMIZE TABLE numbers_rows',
    'SYSTEM STOP MERGES',
    'KILL QUERY WHERE 1',
    'SET readonly = 0',
    'SELECT 1 SETTINGS readonly = 0',
    'USE default',
    'SELECT 1; DROP TABLE numbers_rows',
    `SELECT file('${secret}')`,
    `SELECT \`file\`('${secret}')`,
    `SELECT "file" /* hidden */ ('${secret}')`,
    `SELECT * FROM file('${secret}', 'LineAsString')`,
    `SELECT 'a' IN file('${secret}', 'LineAsString')`,
    `SELECT * FROM '${secret}'`,
    `SELECT * FROM default.\`${secret}\``,
    `SELECT * FROM (SELECT * FROM default.\`${secret}\` SETTINGS readonly = 0)`,
    `SELECT * FROM (SELECT * FROM file('${secret}', 'LineAsString') SETTINGS readonly = 2)`,
    `SELECT * FROM (SELECT * FROM \`${secret}\` SETTINGS a.b = 'x', readonly = 0)`,
    `WITH x AS (SELECT * FROM "default"."${secret}" SETTINGS readonly = 2) SELECT * FROM x`,
    `SELECT * FROM merge('default', '.*')`,
    `DESCRIBE file('${secret}')`,
    `DESCRIBE TABLE default.\`${secret}\``,
    `EXPLAIN SELECT file('${secret}')`,
    `SELECT * FROM view(SELECT file('${secret}'))`,
    `WITH x AS (SELECT file('${secret}')) SELECT * FROM x`,
    `SELECT 1 INTO OUTFILE '${outside}'`,
    `SELECT 1 -- \nINTO /* */ OUTFILE '${outside}'`,
    `INSERT INTO FUNCTION file('${outside}') SELECT 1`,
    "SELECT * FROM executable('id', 'TSV', 'a String')",
    "SELECT * FROM filesystem('/')",
    "SELECT * FROM sqlite('/x', 'y')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
  ];

  test.each(refused)('%s', async (sql) => {
    for (const isSmall of [false, true]) {
      const error = await readText(clickhouse, sql, { isSmall }).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'QUERY_FAILED' });
      expect(String(error)).not.toContain('top secret');
      expect(existsSync(outside)).toBe(false);
    }
  });

  test('its own limits hold whatever a statement asks for', async () => {
    const sql = "SELECT getSetting('max_execution_time') AS seconds SETTINGS max_execution_time = 0";
    expect(await readText(clickhouse, sql, { timeLimitSeconds: 7 })).toBe('{"seconds":7}\n');
  });

  test('reaching a host', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.end('a\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.csv`;
    for (const sql of [
      `SELECT * FROM url('${url}', 'TSV', 'a String')`,
      `DESCRIBE url('${url}')`,
      `SELECT 'a' IN url('${url}', 'TSV', 'a String')`,
      `SELECT * FROM s3('${url}')`,
    ]) {
      await expect(readText(clickhouse, sql)).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    }
    server.close();
    expect(asked).toBe(0);
  });

  test('after all this the tables are as they were', async () => {
    expect(await readText(clickhouse, 'SHOW TABLES', { format: 'TSV' })).toBe('numbers_rows\n');
    expect(await readText(clickhouse, 'SELECT count() FROM numbers_rows', { format: 'TSV' })).toBe('20000\n');
  });
});

test('a directory that is a file is refused with its name', async () => {
  const file = join(parent, 'a-file');
  writeFileSync(file, '');
  await expect(openEmbedded({ path: file })).rejects.toMatchObject({
    code: 'CLICKHOUSE_FAILED',
    message: expect.stringContaining(file),
  });
});

test('a query that is broken off by its signal does not look complete', async () => {
  const abort = new AbortController();
  const read = async () => {
    for await (const _chunk of clickhouse.read('SELECT number FROM system.numbers', { signal: abort.signal }))
      abort.abort();
  };
  await expect(read()).rejects.toMatchObject({ code: 'QUERY_FAILED' });
});

test('closing breaks off a query whose reader has stopped reading', async () => {
  const reading = clickhouse.read('SELECT number FROM system.numbers')[Symbol.asyncIterator]();
  expect((await reading.next()).done).toBe(false);
  await clickhouse.close();
  await expect(reading.next()).rejects.toMatchObject({ code: 'CLICKHOUSE_FAILED' });
  await expect(readText(clickhouse, 'SELECT 1')).rejects.toMatchObject({ code: 'CLICKHOUSE_FAILED' });
  clickhouse = await openEmbedded({ path, readers: 4 });
  expect(await readText(clickhouse, 'SELECT count() FROM numbers_rows', { format: 'TSV' })).toBe('20000\n');
});

test('the latest of times before and after 1970 is the latest, however often it is asked for', async () => {
  const sql = `SELECT max(at) AS last, min(at) AS first
    FROM (SELECT toDateTime64('1968-01-01 00:00:00', 3, 'UTC') + toIntervalDay(number) AS at, number % 3 AS key FROM numbers(3000))
    GROUP BY key ORDER BY key LIMIT 1`;
  for (let times = 0; times < 6; times++) {
    expect(await readRows(clickhouse, sql)).toEqual([
      { last: '1976-03-16 00:00:00.000', first: '1968-01-01 00:00:00.000' },
    ]);
  }
});
