// ClickHouse in a process of its own, for sinks that are killed while it lives on, and the other way round: as much of
// ClickHouse's HTTP interface as src/clickhouse/connection/server.ts speaks, over the embedded engine.
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { unlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Session } from 'chdb';
import { engineCode } from '../../../src/clickhouse/connection/engine-error.ts';
import { quoteText, settingsText } from '../../../src/clickhouse/connection/sql-text.ts';

const [path = '', port = ''] = process.argv.slice(2);
const rows = join(path, 'headrace-insert');
rmSync(rows, { recursive: true, force: true });
mkdirSync(rows, { recursive: true });
const session = new Session(path, { connectionArgs: ['--async_load_databases=0'] });
await session.queryAsync(
  `SET ${settingsText({ output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1 })}`,
);

/** A session takes one statement at a time. */
let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const result = last.then(run);
  last = result.catch(() => undefined);
  return result;
}

const INSERT = /^\s*INSERT INTO (\S+) \(([^)]*)\)(.*?)FORMAT RowBinary\s*$/s;
let inserts = 0;

/** Rows come as the body of a request; the embedded engine takes them from a file. */
async function insert(sql: string, body: Buffer): Promise<Uint8Array> {
  const [, table = '', names = '', settings = ''] = INSERT.exec(sql) ?? [];
  if (table === '') throw new Error(`Code: 62. DB::Exception: This host knows no such insert: ${sql} (SYNTAX_ERROR)`);
  const file = join(rows, `${inserts++}.rows`);
  await writeFile(file, body);
  try {
    const types = await session.queryAsync(`DESCRIBE TABLE ${table}`, { format: 'JSONEachRow' });
    const byName = new Map(
      types
        .text()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { readonly name: string; readonly type: string })
        .map(({ name, type }) => [name, type.replace(/LowCardinality\((.*)\)/, '$1')]),
    );
    const columns = names.split(',').map((name) => name.trim().replaceAll('`', ''));
    const structure = columns.map((name) => `\`${name}\` ${byName.get(name) ?? 'String'}`).join(', ');
    const from = `file(${quoteText(file)}, 'RowBinary', ${quoteText(structure)})`;
    const result = await session.queryAsync(`INSERT INTO ${table} (${names})${settings} SELECT ${names} FROM ${from}`);
    return result.bytes();
  } finally {
    await unlink(file).catch(() => undefined);
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/ping') return void response.end('Ok.\n');
  const query = searchParams.get('query');
  const format = searchParams.get('default_format') ?? 'TabSeparated';
  try {
    const bytes = await inTurn(async () =>
      query === null ? (await session.queryAsync(body.toString(), { format })).bytes() : insert(query, body),
    );
    response.end(bytes);
  } catch (error) {
    response.statusCode = 500;
    response.setHeader('X-ClickHouse-Exception-Code', String(engineCode(error) ?? 1002));
    response.end(error instanceof Error ? error.message : String(error));
  }
}

const server = createServer((request, response) => {
  // A sink that was killed in the middle of its request has no use for an answer.
  answer(request, response).catch(() => response.destroy());
});
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
process.stdout.write('ready\n');
