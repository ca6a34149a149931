import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedStore, serveStore } from '../app/http/clickhouse/served-store.ts';
import { TYPES, tableOfTypes } from './clickhouse-types.ts';

/** Errors are what the tests ask for. */
const log = { level: ClickHouseLogLevel.OFF };

let served: ServedStore;
let client: ClickHouseClient;
beforeAll(async () => {
  served = await serveStore();
  const { clickhouse } = served.store;
  await clickhouse.command('CREATE DATABASE headrace');
  for (const statement of tableOfTypes()) await clickhouse.command(statement);
  client = createClient({ url: served.address, compression: { response: true }, log });
}, 60_000);
afterAll(async () => {
  await client.close();
  await served.close();
});

describe('@clickhouse/client', () => {
  it.each(['JSONEachRow', 'JSON', 'JSONCompactEachRow'] as const)('reads every type right, as %s', async (format) => {
    const result = await client.query({ query: 'SELECT * FROM kinds', format });
    const expected = Object.fromEntries(TYPES.map(({ name, json }) => [name, json]));
    const read = await result.json<Record<string, unknown>>();
    const [row] = Array.isArray(read) ? read : read.data;
    expect(row).toEqual(format === 'JSONCompactEachRow' ? Object.values(expected) : expected);
  });

  it('takes parameters, settings and a session, and knows errors by their number', async () => {
    expect(await client.ping()).toEqual({ success: true });
    const query = 'SELECT {text:String} AS text, {list:Array(Int64)} AS list, {at:DateTime} AS at';
    const asked = { text: "it's \t\n \\", list: [1, 2], at: new Date('2026-02-28T23:59:59Z') };
    const clickhouse_settings = { output_format_json_quote_64bit_integers: 0 } as const;
    const result = await client.query({
      query,
      query_params: asked,
      clickhouse_settings,
      format: 'JSONEachRow',
      session_id: 's',
    });
    expect(await result.json()).toEqual([{ ...asked, at: '2026-02-28 23:59:59' }]);
    await expect(client.query({ query: 'SELECT * FROM nowhere' })).rejects.toMatchObject({
      code: '60',
      type: 'UNKNOWN_TABLE',
    });
    await expect(client.command({ query: 'DROP TABLE kinds' })).rejects.toMatchObject({
      code: '164',
      type: 'READONLY',
    });
  });

  it('reads a stream row by row, and is told of an error in the middle of it', async () => {
    const result = await client.query({ query: 'SELECT number FROM numbers(300000)', format: 'JSONEachRow' });
    let rows = 0;
    for await (const some of result.stream()) rows += some.length;
    expect(rows).toBe(300_000);
    const plain = createClient({ url: served.address, log });
    const broken = await plain.query({
      query: 'SELECT throwIf(number = 2500000) AS x FROM numbers(3000000) SETTINGS max_threads = 1',
      format: 'JSONEachRow',
    });
    const read = async () => {
      for await (const _some of broken.stream());
    };
    await expect(read()).rejects.toThrow();
    await plain.close();
  });
});

/** Python's client, from PyPI into an environment that is thrown away. */
const CLICKHOUSE_CONNECT = 'clickhouse-connect==0.8.18';
const INSTALL_MAX_MS = 180_000;

const SCRIPT = `
import datetime, json, sys, clickhouse_connect
client = clickhouse_connect.get_client(host='127.0.0.1', port=int(sys.argv[1]))
def shown(value):
    return value.isoformat() if isinstance(value, datetime.datetime) and value.tzinfo else repr(value)
result = client.query('SELECT * FROM kinds')
said = {'types': {name: shown(value) for name, value in zip(result.column_names, result.first_row)}}
said['parameters'] = client.query('SELECT {a:Int64}, {b:String}', parameters={'a': 2**62, 'b': "it's"}).result_rows
said['settings'] = client.query("SELECT getSetting('max_result_rows')", settings={'max_result_rows': 7}).result_rows
said['command'] = client.command('SHOW TABLES')
said['empty'] = client.query('SELECT i64 FROM kinds WHERE 0').column_names
with client.query_row_block_stream('SELECT number FROM numbers(500000)') as blocks:
    said['rows'] = sum(len(block) for block in blocks)
said['raw'] = client.raw_query('SELECT 1 AS a', fmt='JSONEachRow').decode()
for name, sql in {'table': 'SELECT * FROM nowhere', 'write': 'DROP TABLE kinds'}.items():
    try:
        client.command(sql)
    except Exception as error:
        said[name] = str(error)
print(json.dumps(said))
`;

/** Python with the client, or why there is none. $HEADRACE_CLICKHOUSE_CONNECT names a Python that has it. */
function python(directory: string): { readonly command: string } | { readonly missing: string } {
  const installed = process.env.HEADRACE_CLICKHOUSE_CONNECT;
  if (installed !== undefined) return { command: installed };
  const environment = join(directory, 'venv');
  const made = spawnSync('python3', ['-m', 'venv', environment], { timeout: INSTALL_MAX_MS });
  if (made.status !== 0) return { missing: 'python3 with venv is not there' };
  const command = join(environment, 'bin/python');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', CLICKHOUSE_CONNECT];
  const added = spawnSync(command, pip, { timeout: INSTALL_MAX_MS });
  if (added.status !== 0 || !existsSync(command)) return { missing: `${CLICKHOUSE_CONNECT} can't be installed` };
  return { command };
}

it('clickhouse-connect works unchanged, and reads every type right', { timeout: 400_000 }, async (context) => {
  const found = python(served.directory);
  if ('missing' in found) {
    context.skip(found.missing);
    return;
  }
  const script = join(served.directory, 'read.py');
  writeFileSync(script, SCRIPT);
  const child = spawn(found.command, [script, new URL(served.address).port], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk;
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  expect(status, err).toBe(0);
  const { types, ...said } = JSON.parse(out) as { readonly types: unknown };
  expect(types).toEqual(Object.fromEntries(TYPES.map(({ name, python }) => [name, python])));
  expect(said).toEqual({
    parameters: [[2 ** 62, "it's"]],
    settings: [[7]],
    command: 'kinds',
    empty: ['i64'],
    rows: 500_000,
    raw: '{"a":1}\n',
    table: expect.stringContaining('UNKNOWN_TABLE'),
    write: expect.stringContaining('READONLY'),
  });
});
