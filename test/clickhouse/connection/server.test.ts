import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ClickHouse, type InsertOptions, readText } from '../../../src/clickhouse/clickhouse.ts';
import { openServer } from '../../../src/clickhouse/connection/server.ts';
import { HeadraceError } from '../../../src/errors.ts';

interface Asked {
  readonly sql: string;
  readonly parameters: URLSearchParams;
  readonly body: Buffer;
}

/** Speaks as much of ClickHouse's HTTP as the connection uses: the statement in `query` or in front of the body. */
let asked: Asked[] = [];
let answer: (asked: Asked) => {
  readonly status?: number;
  readonly body?: string;
  readonly code?: number;
  /** When it is sent. */
  readonly until?: Promise<void> | undefined;
};
let server: Server;
/** Of the server's present life; undefined from its start until somebody has given it a name. */
let life: string | undefined;
let lifesNamed: number;
let clickhouse: ClickHouse;

beforeEach(async () => {
  asked = [];
  life = undefined;
  lifesNamed = 0;
  answer = ({ sql }) => {
    if (sql.includes('serverUUID'))
      return {
        body: `{"server":"0d0d","life":"${life}","names":"${life === undefined ? 0 : 1}","random":"r${asked.length}"}\n`,
      };
    if (sql.startsWith('INSERT INTO headrace.engine_lives')) {
      life ??= `life ${++lifesNamed}`;
      return {};
    }
    if (sql.includes('system.table_functions')) return { body: '{"name":"url"}\n{"name":"file"}\n' };
    const formatted = /^SELECT formatQuery\('(.*)'\) AS sql/s.exec(sql)?.[1];
    return { body: formatted === undefined ? '' : `${JSON.stringify({ sql: formatted })}\n` };
  };
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const parameters = new URL(request.url ?? '', 'http://localhost').searchParams;
      const body = Buffer.concat(chunks);
      const one = { sql: parameters.get('query') ?? body.toString(), parameters, body };
      asked.push(one);
      const { status = 200, body: text = '', code = 60, until } = answer(one);
      await until;
      response.writeHead(status, status === 200 || code === 0 ? {} : { 'X-ClickHouse-Exception-Code': `${code}` });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clickhouse = openServer({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, settleWaitMs: 0 });
});

afterEach(async () => {
  await clickhouse.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const COLUMNS = [{ name: 'n', type: 'UInt8' }];

const insert = (token: string) =>
  clickhouse.insert('headrace.x', COLUMNS, [new Uint8Array(1)], { token, queryId: 'q' });

/** Tokens of the inserts so far, without the caller's. */
const lives = () =>
  asked.flatMap(({ sql }) => /insert_deduplication_token = '[^-']*-([^']*)'/.exec(sql)?.slice(1) ?? []);

test('an insert carries its settings in the statement, its query id, and exactly the bytes', async () => {
  const bytes = new Uint8Array([0, 255, 10, 39]);
  await clickhouse.insert('headrace.x', COLUMNS, [bytes.subarray(0, 1), bytes.subarray(1)], {
    token: "it's",
    queryId: 'q-1',
  });
  const insert = asked.find(({ sql }) => sql.includes('FORMAT RowBinary'));
  expect(insert?.sql).toMatch(
    /^INSERT INTO headrace\.x \(`n`\) SETTINGS async_insert = 0, .*insert_deduplication_token = 'it\\'s-0d0d-life 1'.* FORMAT RowBinary$/,
  );
  expect([...insert!.body]).toEqual([...bytes]);
  expect(insert?.parameters.get('query_id')).toBe('q-1');
  expect(insert?.parameters.has('insert_deduplication_token')).toBe(false);
});

test('a reader is readonly, exact and limited, and gets the bytes as they come', async () => {
  const plain = answer;
  answer = (one) => (one.sql.startsWith('SELECT {a:String}') ? { body: '{"a":"1"}\n' } : plain(one));
  const text = await readText(clickhouse, 'SELECT {a:String} AS a', { parameters: { a: "x'\n" }, timeLimitSeconds: 7 });
  expect(text).toBe('{"a":"1"}\n');
  const last = asked.at(-1)?.parameters;
  expect(last?.get('readonly')).toBe('1');
  expect(last?.get('max_execution_time')).toBe('7');
  expect(last?.get('output_format_json_quote_decimals')).toBe('1');
  expect(last?.get('default_format')).toBe('JSONEachRow');
  expect(last?.get('param_a')).toBe("x\\'\\n");
});

test('what a reader may not do is refused before it is sent', async () => {
  await expect(readText(clickhouse, "SELECT * FROM url('x')")).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  await expect(readText(clickhouse, 'DROP TABLE x')).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  expect(asked.filter(({ sql }) => /^(DROP|SELECT \*)/.test(sql))).toEqual([]);
});

test('an error keeps ClickHouse’s text and says whether it may pass', async () => {
  const plain = answer;
  answer = (one) =>
    /^DROP|FORMAT RowBinary/.test(one.sql)
      ? { status: 404, body: 'Code: 60. DB::Exception: Table headrace.x does not exist. (UNKNOWN_TABLE)' }
      : plain(one);
  const text = expect.stringMatching(/Code: 60.*headrace.x does not exist/);
  await expect(insert('t')).rejects.toMatchObject({ code: 'TABLE_MISMATCH', retriable: true, message: text });
  await expect(clickhouse.command('DROP TABLE headrace.x')).rejects.toMatchObject({
    code: 'CLICKHOUSE_FAILED',
    retriable: false,
    message: text,
  });
  const away = openServer({ url: 'http://127.0.0.1:1' });
  await expect(away.command('SELECT 1')).rejects.toMatchObject({ code: 'CLICKHOUSE_FAILED', retriable: true });
  await away.close();
});

test('tokens are of one life of the server; an insert that met a restart is not trusted, and comes again under another', async () => {
  await insert('a');
  await insert('b');
  expect(new Set(lives()).size).toBe(1);
  const plain = answer;
  answer = (one) => {
    // The server ends and starts while the insert is on its way to it.
    if (one.sql.includes('FORMAT RowBinary')) life = undefined;
    return plain(one);
  };
  await expect(insert('c')).rejects.toMatchObject({
    code: 'CLICKHOUSE_FAILED',
    retriable: true,
    message: expect.stringContaining('started anew'),
  });
  answer = plain;
  await insert('c');
  const [, , before, after] = lives();
  expect(after).not.toBe(before);
});

test('an unknown outcome keeps the token, a failure in the middle does not', async () => {
  const plain = answer;
  const failing = (status: number, code: number) => {
    answer = (one) => {
      if (!one.sql.includes('FORMAT RowBinary')) return plain(one);
      return { status, body: code === 0 ? 'bad gateway' : `Code: ${code}. DB::Exception: failed.`, code };
    };
  };
  failing(502, 0);
  await expect(insert('a')).rejects.toMatchObject({ retriable: true });
  failing(500, 243);
  await expect(insert('a')).rejects.toMatchObject({ retriable: true });
  answer = plain;
  await insert('a');
  const [unknown, full, last] = lives();
  expect(full).toBe(unknown);
  expect(last).not.toBe(full);
});

test('settle waits for an earlier insert, kills it, and is not content before it is gone', async () => {
  let isRunning = true;
  answer = ({ sql }) => {
    if (sql.startsWith('KILL QUERY')) isRunning = false;
    return { body: sql.includes('system.processes') && isRunning ? '{"query_id":"q"}\n' : '' };
  };
  await clickhouse.settle('q');
  expect(isRunning).toBe(false);
  expect(asked.map(({ sql }) => sql.slice(0, 10))).toEqual(['SELECT que', 'KILL QUERY', 'SELECT que']);
});

test('an address that is none is refused', () => {
  expect(() => openServer({ url: 'nonsense' })).toThrow(expect.objectContaining({ code: 'CLICKHOUSE_FAILED' }));
});

test('an insert is sent when what must come about first has, and not at all where that fails', async () => {
  const failed = new HeadraceError('TABLE_MISMATCH', 'not the table', { retriable: true });
  const insertAfter = (after: Promise<void>) =>
    clickhouse.insert('headrace.x', COLUMNS, [new Uint8Array(1)], { token: 't', queryId: 'q', after });
  await expect(insertAfter(Promise.reject(failed))).rejects.toBe(failed);
  const inserts = () => asked.filter(({ sql }) => sql.startsWith('INSERT INTO headrace.x')).length;
  expect(inserts()).toBe(0);
  await insertAfter(Promise.resolve());
  expect(inserts()).toBe(1);
});

test('four inserts at a time; one that waits for what must come first holds up none, and one that is not wanted any more is not sent', async () => {
  const [heldBody, heldCheck]: [(() => void)[], (() => void)[]] = [[], []];
  const hold = (held: (() => void)[]) => new Promise<void>((resolve) => held.push(resolve));
  const plain = answer;
  const sent: string[] = [];
  answer = (one) => {
    const token = /^INSERT INTO headrace\.x .*token = '(.)-/.exec(one.sql)?.[1];
    if (token === undefined) return plain(one);
    sent.push(token);
    return { until: token < 'e' ? hold(heldBody) : undefined };
  };
  const abort = new AbortController();
  const failed = new HeadraceError('CLICKHOUSE_FAILED', 'another table failed', { retriable: true });
  const insert = (token: string, more: Partial<InsertOptions> = {}) =>
    clickhouse.insert('headrace.x', COLUMNS, [new Uint8Array(1)], { token, queryId: token, ...more });
  const checked = insert('z', { after: hold(heldCheck) });
  const inserts = ['a', 'b', 'c', 'd', 'e', 'f'].map((token) => insert(token));
  const unwanted = expect(insert('g', { signal: abort.signal })).rejects.toBe(failed);
  await sleep(100);
  expect([...sent].sort()).toEqual(['a', 'b', 'c', 'd']);
  abort.abort(failed);
  for (const release of heldBody) release();
  await Promise.all([...inserts, unwanted]);
  expect(sent.slice(4)).toEqual(['e', 'f']);
  for (const release of heldCheck) release();
  await checked;
  expect(sent.slice(4)).toEqual(['e', 'f', 'z']);
});
