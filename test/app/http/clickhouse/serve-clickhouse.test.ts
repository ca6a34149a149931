import { writeFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReadingRunner } from '../../../../src/app/http/clickhouse/reading-runner.ts';
import { serveClickHouse } from '../../../../src/app/http/clickhouse/serve-clickhouse.ts';
import { readBlocks } from './native-blocks.ts';
import { type ServedStore, serveStore } from './served-store.ts';

let served: ServedStore;
let secret: string;
beforeAll(async () => {
  served = await serveStore();
  secret = join(served.directory, 'secret.txt');
  writeFileSync(secret, 'top secret\n');
  const { clickhouse } = served.store;
  await clickhouse.command('CREATE DATABASE headrace');
  await clickhouse.command('CREATE TABLE headrace.words (n Int64, word String) ENGINE = MergeTree ORDER BY n');
  await clickhouse.command("INSERT INTO headrace.words SELECT number, concat('w', number) FROM numbers(100000)");
});
afterAll(() => served.close());

/** Whatever the engine runs beside the question itself. */
const running = async () =>
  Number(
    await served.text(
      "SELECT count() FROM system.processes WHERE query LIKE '%system.numbers%' AND query NOT LIKE '%processes%'",
    ),
  );

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new RangeError(`It never came about: ${what}`);
}

describe('what is asked, and how', () => {
  test('whether it is there', async () => {
    for (const path of ['/ping', '/', '/replicas_status', '/?x=1']) {
      expect(await (await fetch(served.address + path)).text(), path).toBe('Ok.\n');
    }
    expect((await fetch(`${served.address}/play`)).status).toBe(404);
    expect((await fetch(served.address, { method: 'PUT', body: 'SELECT 1' })).status).toBe(405);
  });

  test('by GET, by POST, and by both', async () => {
    const byGet = await fetch(`${served.address}/?query=SELECT%201%2B1`);
    expect(await byGet.text()).toBe('2\n');
    expect(Object.fromEntries(byGet.headers)).toMatchObject({
      'content-type': 'text/tab-separated-values; charset=UTF-8',
      'x-clickhouse-format': 'TabSeparated',
      'x-clickhouse-server-display-name': 'headrace',
      'x-clickhouse-timezone': expect.stringMatching(/^\w+/),
      'x-clickhouse-query-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(JSON.parse(byGet.headers.get('x-clickhouse-summary')!)).toMatchObject({
      read_rows: '0',
      elapsed_ns: expect.stringMatching(/^\d+$/),
    });
    expect(await served.text('SELECT 1')).toBe('1\n');
    expect(await served.text('+ 1', { query: 'SELECT 1' })).toBe('2\n');
  });

  test('formats, databases, parameters, settings and the query’s id', async () => {
    expect(await served.text('SELECT 1 AS a', { default_format: 'JSONEachRow' })).toBe('{"a":1}\n');
    expect(await served.text('SELECT 1 AS a FORMAT CSV', { default_format: 'JSONEachRow' })).toBe('1\n');
    const byHeader = await served.ask(
      'SELECT name FROM tables WHERE database = {d:String}',
      { param_d: 'headrace' },
      {
        headers: { 'X-ClickHouse-Format': 'JSONCompactEachRow', 'X-ClickHouse-Database': 'system' },
      },
    );
    expect(byHeader.headers.get('x-clickhouse-format')).toBe('JSONCompactEachRow');
    expect(await byHeader.text()).toBe('["words"]\n');
    expect(await served.text('SELECT count() FROM words', { database: 'default' })).toBe('100000\n');
    expect(await served.text('SELECT {a:String}', { param_a: "it's\\n'\\\\" })).toBe("it\\'s\\n\\'\\\\\n");
    const settings = { output_format_json_quote_64bit_integers: '0', query_id: 'mine', session_id: 's', readonly: '1' };
    const set = await served.ask('SELECT toInt64(1) AS n FORMAT JSONEachRow', settings);
    expect(await set.text()).toBe('{"n":1}\n');
    expect(set.headers.get('x-clickhouse-query-id')).toBe('mine');
    expect(await served.text("SELECT getSetting('join_use_nulls') SETTINGS join_use_nulls = 1")).toBe('true\n');
    expect(await served.text("SELECT getSetting('max_execution_time')", { max_execution_time: '0' })).toBe('60\n');
  });

  test('digits are not lost, unless they are wanted as numbers', async () => {
    const sql = "SELECT toInt64(9007199254740993) AS n, toDecimal64('1.10', 2) AS d FORMAT JSONEachRow";
    expect(await served.text(sql)).toBe('{"n":"9007199254740993","d":"1.1"}\n');
  });

  test('compressed both ways', async () => {
    const parameters = { enable_http_compression: '1', default_format: 'TSV' };
    const init = { headers: { 'Accept-Encoding': 'gzip;q=1', 'Content-Encoding': 'gzip' } };
    const body = gzipSync('SELECT word FROM words ORDER BY n');
    const compressed = await new Promise<{ readonly encoding: string | undefined; readonly bytes: Buffer }>(
      (resolve, reject) => {
        const address = `${served.address}/?${new URLSearchParams({ ...parameters, query: 'SELECT word FROM words ORDER BY n' })}`;
        get(address, { headers: { 'Accept-Encoding': 'gzip' } }, async (response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          resolve({ encoding: response.headers['content-encoding'], bytes: Buffer.concat(chunks) });
        }).on('error', reject);
      },
    );
    expect(compressed.encoding).toBe('gzip');
    const plain = gunzipSync(compressed.bytes).toString();
    expect(plain.split('\n')).toHaveLength(100_001);
    expect(compressed.bytes.length).toBeLessThan(plain.length);
    const both = await fetch(`${served.address}/?${new URLSearchParams(parameters)}`, {
      method: 'POST',
      body,
      ...init,
    });
    expect(await both.text()).toBe(plain);
    const native = await served.ask('SELECT word FROM words ORDER BY n', { compress: '1', default_format: 'TSV' });
    expect(native.headers.get('content-encoding')).toBeNull();
    expect(readBlocks(Buffer.from(await native.arrayBuffer())).toString()).toBe(plain);
    expect((await served.ask('SELECT 1', { decompress: '1' })).status).toBe(501);
    expect((await served.ask('x', {}, { headers: { 'Content-Encoding': 'lz4' } })).status).toBe(415);
  });

  test.each([
    ['TSVWithNames', 'n\tword\n', 100_001],
    ['CSVWithNamesAndTypes', '"n","word"\n"Int64","String"\n', 100_002],
    ['JSONCompactEachRowWithNames', '["n", "word"]\n', 100_001],
  ])('%s has its head once, with rows and without any', async (format, head, lines) => {
    const text = await served.text(`SELECT n, word FROM words FORMAT ${format}`);
    expect(text.startsWith(head)).toBe(true);
    expect(text.split('\n')).toHaveLength(lines + 1);
    expect(await served.text(`SELECT n, word FROM words WHERE n < 0 FORMAT ${format}`)).toBe(head);
  });

  test('a result larger than any buffer comes whole', async () => {
    const response = await served.ask('SELECT number FROM numbers(3000000) FORMAT RowBinary');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length).toBe(24_000_000);
    expect(bytes.readBigUInt64LE(23_999_992)).toBe(2_999_999n);
  });
});

describe('what goes wrong', () => {
  test.each<[sql: string, status: number, code: number, name: string]>([
    ['SELEC 1', 400, 62, 'SYNTAX_ERROR'],
    ['', 400, 62, 'SYNTAX_ERROR'],
    ['SELECT 1; SELECT 2', 400, 62, 'SYNTAX_ERROR'],
    ['SELECT * FROM nowhere', 404, 60, 'UNKNOWN_TABLE'],
    ['SELECT nothing FROM words', 404, 47, 'UNKNOWN_IDENTIFIER'],
    ['SELECT nofunction(1)', 404, 46, 'UNKNOWN_FUNCTION'],
    ["SELECT toInt8('x')", 400, 6, 'CANNOT_PARSE_TEXT'],
    ['SELECT 1 FORMAT Nonsense', 404, 73, 'UNKNOWN_FORMAT'],
    ['SELECT throwIf(1)', 500, 395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
    ['SELECT {a:String}', 500, 456, 'UNKNOWN_QUERY_PARAMETER'],
    ['INSERT INTO words VALUES (1, 1)', 500, 164, 'READONLY'],
    ['DROP TABLE words', 500, 164, 'READONLY'],
    ['SELECT 1 SETTINGS readonly = 0', 500, 164, 'READONLY'],
    ['SELECT * FROM (SELECT 1 SETTINGS readonly = 0)', 500, 164, 'READONLY'],
    ["SELECT * FROM url('http://127.0.0.1/', 'TSV', 'a String')", 403, 497, 'ACCESS_DENIED'],
    ["SELECT * FROM s3('http://127.0.0.1/x')", 403, 497, 'ACCESS_DENIED'],
    ["SELECT file('/etc/passwd')", 403, 497, 'ACCESS_DENIED'],
    ["SELECT arrayMap(file, ['/etc/passwd'])", 403, 497, 'ACCESS_DENIED'],
    ['SELECT * FROM default.`/etc/passwd`', 403, 497, 'ACCESS_DENIED'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 403, 497, 'ACCESS_DENIED'],
  ])('%s', async (sql, status, code, name) => {
    const response = await served.ask(sql);
    const text = await response.text();
    expect({ status: response.status, code: response.headers.get('x-clickhouse-exception-code') }, text).toEqual({
      status: status,
      code: String(code),
    });
    expect(text).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: .*\\(${name}\\)`, 's'));
  });

  test('the file system by names that come as parameters, by settings and by a database', async () => {
    const ways: readonly (readonly [sql: string, parameters: Record<string, string>])[] = [
      ['SELECT * FROM {d:Identifier}.{t:Identifier}', { param_d: 'default', param_t: secret }],
      ['SELECT * FROM {t:Identifier}', { param_t: secret, database: 'default' }],
      [`SELECT * FROM \`${secret}\``, { database: 'default' }],
      [`SELECT * FROM \`${secret}\``, { database: 'DEFAULT' }],
      [`SELECT * FROM '${secret}'`, {}],
      [`SELECT * FROM (SELECT * FROM default.\`${secret}\` SETTINGS readonly = 2)`, {}],
      [`SELECT name FROM system.settings WHERE name IN default.\`${secret}\``, {}],
      ['SELECT 1', { readonly: '0' }],
      ['SELECT 1', { 'param_x = 1, readonly': '0' }],
      ['SELECT 1', { additional_table_filters: "{'headrace.words': 'file(''x'')'}" }],
      ['SELECT 1', { format_schema: secret }],
      ['SELECT 1', { database: 'nowhere' }],
    ];
    for (const [sql, parameters] of ways) {
      const response = await served.ask(sql, parameters);
      expect(response.status, sql).not.toBe(200);
      expect(await response.text(), sql).not.toContain('top secret');
    }
  });

  test('another user, a foreign page, another host', async () => {
    const answerTo = async (headers: Record<string, string>) => (await served.ask('SELECT 1', {}, { headers })).status;
    expect(await answerTo({ 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': '' })).toBe(200);
    expect(await answerTo({ Authorization: `Basic ${btoa('default:')}` })).toBe(200);
    expect(await answerTo({ 'X-ClickHouse-User': 'root' })).toBe(403);
    expect(await answerTo({ Authorization: `Basic ${btoa('root:x')}` })).toBe(403);
    expect(await answerTo({ Origin: 'https://example.com' })).toBe(403);
    const byName = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${served.address}/?query=SELECT%201`, { headers: { Host: 'example.com' } }, resolve).on('error', reject);
    });
    byName.resume();
    expect(byName.statusCode).toBe(421);
  });

  test('in the middle: the answer breaks off behind ClickHouse’s own mark', async () => {
    const sql = 'SELECT throwIf(number = 2500000) FROM numbers(3000000) SETTINGS max_threads = 1';
    const response = await served.ask(sql, { default_format: 'TSV' });
    expect(response.status).toBe(200);
    const tag = response.headers.get('x-clickhouse-exception-tag');
    let text = '';
    const read = async () => {
      for await (const chunk of response.body!) text += Buffer.from(chunk).toString();
    };
    await expect(read()).rejects.toThrow();
    const tail = text.slice(text.indexOf('\r\n__exception__'));
    expect(tail).toMatch(
      new RegExp(`^\\r\\n__exception__\\r\\n${tag}\\r\\nCode: 395\\. .*\\n\\d+ ${tag}\\r\\n__exception__\\r\\n$`, 's'),
    );
    const waiting = await served.ask(sql, { default_format: 'TSV', wait_end_of_query: '1' });
    expect(waiting.status).toBe(500);
  });

  test('a query without end ends at its limit, and one whose client goes away at once', {
    timeout: 60_000,
  }, async () => {
    const slow = await served.ask('SELECT count() FROM system.numbers', { max_execution_time: '1' });
    expect(slow.status).toBe(408);
    for (const sql of ['SELECT count() FROM system.numbers', 'SELECT number FROM system.numbers FORMAT RowBinary']) {
      const gone = new AbortController();
      const asked = served.ask(sql, {}, { signal: gone.signal }).catch(() => undefined);
      await until(async () => (await running()) > 0, 'the query runs');
      gone.abort();
      await asked;
      await until(async () => (await running()) === 0, 'the query has ended');
    }
  });

  test('too much memory, too many rows', async () => {
    const memory = 'SELECT groupArray(number) FROM numbers(50000000)';
    expect(await (await served.ask(memory, { max_memory_usage: '10000000' })).text()).toMatch(/^Code: 241\./);
    const rows = await served.ask('SELECT number FROM numbers(1000)', { max_result_rows: '10' });
    expect(await rows.text()).toMatch(/Code: 396\./);
    const whole = await served.ask('SELECT number FROM numbers(18000000) FORMAT JSON');
    expect(await whole.text()).toMatch(/^Code: 396\./);
  });

  test('a request of too many bytes', async () => {
    const response = await served.ask(`SELECT '${'x'.repeat(2 * 1024 * 1024)}'`);
    expect(response.status).toBe(413);
  });
});

test('100 clients at once are all answered', { timeout: 60_000 }, async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => served.text('SELECT {i:UInt32}, count() FROM words', { param_i: String(i) })),
  );
  expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `${i}\t100000\n`));
});

test('one more than may wait is told to come again', { timeout: 30_000 }, async () => {
  const server = await serveClickHouse(new ReadingRunner(async () => served.store, 0), 0);
  const ask = () => fetch(server.address, { method: 'POST', body: 'SELECT sleep(0.5)' });
  const answers = await Promise.all(Array.from({ length: 8 }, ask));
  const refused = answers.filter(({ status }) => status === 503);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(refused).toHaveLength(5);
  expect(refused[0]!.headers.get('retry-after')).toBe('1');
  expect(await refused[0]!.text()).toMatch(/^Code: 202\. .*\(TOO_MANY_SIMULTANEOUS_QUERIES\)\n$/);
  await server.close();
});

test('a port that is taken is told', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  const runner = new ReadingRunner(async () => served.store);
  await expect(serveClickHouse(runner, port)).rejects.toMatchObject({ code: 'USAGE' });
  taken.close();
});

test('to end it ends the queries that run', { timeout: 30_000 }, async () => {
  const runner = new ReadingRunner(async () => served.store);
  const server = await serveClickHouse(runner, 0);
  const asked = fetch(server.address, { method: 'POST', body: 'SELECT count() FROM system.numbers' }).catch(
    () => 'cut',
  );
  await until(async () => (await running()) > 0, 'the query runs');
  await server.close();
  expect(await asked).toBe('cut');
  expect(await running()).toBe(0);
});
