import { spawnSync } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClickHouse, readText } from '../../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../../src/clickhouse/connection/embedded.ts';

const parent = mkdtempSync(join(tmpdir(), 'headrace-reader-thread-'));
/** All threads that were started here. */
const threads: Worker[] = [];
let clickhouse: ClickHouse;

beforeAll(async () => {
  subscribe('worker_threads', (message) => {
    threads.push((message as { worker: Worker }).worker);
  });
  clickhouse = await openEmbedded({ path: join(parent, 'data'), readers: 2 });
});

afterAll(async () => {
  await clickhouse.close();
  rmSync(parent, { recursive: true, force: true });
});

const one = () => readText(clickhouse, 'SELECT 1', { format: 'TSV' });

test('a thread is started for the first query and has the next ones too, after the store is opened again as well', async () => {
  expect(threads.length).toBe(0);
  for (let i = 0; i < 5; i++) expect(await one()).toBe('1\n');
  expect(threads.length).toBe(1);
  await clickhouse.close();
  clickhouse = await openEmbedded({ path: join(parent, 'data'), readers: 2 });
  expect(await one()).toBe('1\n');
  expect(threads.length).toBe(1);
  await Promise.all([one(), one(), one(), one()]);
  expect(threads.length).toBe(2);
});

test('a thread takes statements as deep as the parser does', async () => {
  const depth = 490;
  const sql = `SELECT ${'abs('.repeat(depth)}1${')'.repeat(depth)} AS one`;
  expect(await readText(clickhouse, sql, { format: 'TSV' })).toBe('1\n');
});

test.each([
  ['while it waits for its consumer', 'SELECT number FROM system.numbers', 1],
  ['while a chunk is made', 'SELECT count() FROM system.numbers', 0],
])('an uncaught error in a thread fails its query, %s, and another takes its place', async (_when, sql, chunks) => {
  const before = threads.length;
  await Promise.all([one(), one()]);
  const reading = clickhouse.read(sql)[Symbol.asyncIterator]();
  for (let i = 0; i < chunks; i++) expect((await reading.next()).done).toBe(false);
  const readOn = async () => {
    while ((await reading.next()).done !== true);
  };
  const failed = expect(readOn()).rejects.toMatchObject({
    code: 'CLICKHOUSE_FAILED',
    retriable: true,
    message: expect.stringMatching(/A reader's thread failed: .*null/),
  });
  // Those without a query are not to be given one before they have said so.
  const faulted = threads.map(
    (thread) =>
      new Promise<void>((resolve) => thread.on('message', ({ kind }) => (kind === 'faulted' ? resolve() : undefined))),
  );
  // No message of ours: its handler throws.
  for (const thread of threads) thread.postMessage(null);
  await Promise.all([failed, ...faulted]);
  for (let i = 0; i < 4; i++) await Promise.all([one(), one(), one()]);
  expect(threads.length).toBe(before + 2);
  // The writer's connection is as it was.
  await clickhouse.command('CREATE DATABASE IF NOT EXISTS headrace');
});

const STREAMED = "'SELECT sum(sleepEachRow(0.01)) FROM numbers(6000) SETTINGS max_block_size = 10'";
test.each([
  ['streamed', '{}', 'process.exit(3);', ''],
  ['small', '{ isSmall: true }', 'process.exit(3);', ''],
  ['streamed', '{}', "throw new Error('what went wrong');", 'what went wrong'],
])('a process ends at once while a query runs, %s with %s, by %s', (_how, options, end, said) => {
  const before = performance.now();
  const child = runScript(
    DIST,
    `readText(clickhouse, ${STREAMED}, ${options}).catch(() => undefined); setTimeout(() => { ${end} }, 1_000);`,
  );
  expect(performance.now() - before).toBeLessThan(10_000);
  expect(child.signal).toBe('SIGKILL');
  expect(child.stderr).toContain(said);
});

test('threads without a query neither keep the process alive nor change how it ends', () => {
  const read = "await readText(clickhouse, 'SELECT 1');";
  expect(runScript(DIST, `${read} await clickhouse.close();`)).toMatchObject({ stderr: '', status: 0 });
  expect(runScript(DIST, `${read} process.exit(3);`)).toMatchObject({ stderr: '', status: 3 });
});

test('a thread that ends in spite of all ends the process, whose connections to the engine it has closed', () => {
  const child = runScript(
    DIST,
    `
    import { subscribe } from 'node:diagnostics_channel';
    subscribe('worker_threads', ({ worker }) => setTimeout(() => worker.terminate(), 1_000));
    await readText(clickhouse, 'SELECT 1');
    setInterval(() => {}, 1_000);
    `,
  );
  expect(child.stderr).toContain('thread has ended by itself');
  expect(child.status).toBe(1);
});

test('a thread that does not start fails its query as one that may succeed later, and nothing else', () => {
  const dist = join(parent, 'dist');
  cpSync(DIST, dist, { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(parent, 'node_modules'));
  writeFileSync(join(parent, 'package.json'), '{ "type": "module" }');
  rmSync(join(dist, 'src/clickhouse/connection/reader-main.js'));
  const child = runScript(
    dist,
    `
    for (let i = 0; i < 3; i++) {
      const error = await readText(clickhouse, 'SELECT 1').catch((caught) => caught);
      console.log(error.code, error.retriable);
    }
    console.log(await clickhouse.rows('SELECT 1 AS one'));
    await clickhouse.close();
    `,
  );
  expect(child.stdout).toBe(`${'CLICKHOUSE_FAILED true\n'.repeat(3)}[ { one: 1 } ]\n`);
  expect(child.status).toBe(0);
});

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DIST = join(ROOT, 'dist');

/** Runs a script with a store open that lies in a directory of its own, on what was compiled. */
function runScript(dist: string, script: string) {
  const path = mkdtempSync(join(parent, 'script-'));
  const source = `
    import { readText } from ${JSON.stringify(join(dist, 'src/clickhouse/clickhouse.js'))};
    import { openEmbedded } from ${JSON.stringify(join(dist, 'src/clickhouse/connection/embedded.js'))};
    const clickhouse = await openEmbedded({ path: ${JSON.stringify(path)}, readers: 1 });
    ${script}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8', timeout: 20_000 });
}
