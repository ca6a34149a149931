import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClickHouse, type ReadOptions, readText } from '../../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../../src/clickhouse/connection/embedded.ts';

const parent = mkdtempSync(join(tmpdir(), 'headrace-thread-read-'));
const path = join(parent, 'data');
/** Runs as long as it is let, all within the call that asks for a stream. */
const SCALAR = 'SELECT (SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) % 7 = 1) AS count';
/** Runs as long as it is let while its first chunk is fetched. */
const FIRST_CHUNK = 'SELECT count() AS count FROM numbers(1000000000000) WHERE cityHash64(number) % 7 = 1';
/** In their order. */
const NUMBERS: ReadOptions = { format: 'RowBinary', settings: { max_threads: 1 } };

let clickhouse: ClickHouse;

beforeAll(async () => {
  clickhouse = await openEmbedded({ path, readers: 2 });
});

afterAll(async () => {
  await clickhouse.close();
  rmSync(parent, { recursive: true, force: true });
});

test.each([
  ['a scalar subquery', SCALAR, false],
  ['a scalar subquery that is said to be small', SCALAR, true],
  ['a query that is said to be small', FIRST_CHUNK, true],
])('%s blocks neither the event loop nor other readers, and ends at its time limit', async (_what, sql, isSmall) => {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  let hasEnded = false;
  delay.enable();
  const slow = readText(clickhouse, sql, { timeLimitSeconds: 2, isSmall }).finally(() => {
    hasEnded = true;
  });
  const failed = expect(slow).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/^Code: 159/),
  });
  await sleep(300);
  expect(await readText(clickhouse, 'SELECT 1', { format: 'TSV' })).toBe('1\n');
  expect(hasEnded).toBe(false);
  await failed;
  delay.disable();
  expect(delay.max / 1e6).toBeLessThan(500);
});

test.each([
  ['in the call that asks for a stream', SCALAR, { format: 'JSONEachRow' }],
  ['while its first chunk is made', FIRST_CHUNK, { format: 'JSONEachRow' }],
  ['while it is made as a whole', SCALAR, { format: 'JSON' }],
  ['in the one call that makes a small result', FIRST_CHUNK, { isSmall: true }],
])('a query that is broken off by its signal ends at once %s', async (_when, sql, options: ReadOptions) => {
  const abort = new AbortController();
  const reading = readText(clickhouse, sql, { ...options, signal: abort.signal });
  const refused = expect(reading).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: 'The query was broken off',
  });
  await sleep(300);
  const before = performance.now();
  abort.abort();
  await refused;
  expect(performance.now() - before).toBeLessThan(2_000);
  expect(await running()).toBe(1);
});

test('what a slow consumer has yet to read waits in the engine and not in memory, and all of it comes', async () => {
  const COUNT = 40_000_000;
  const before = process.memoryUsage().rss;
  let [next, bytesMore] = [0, 0];
  for await (const chunk of clickhouse.read(`SELECT number FROM numbers(${COUNT})`, NUMBERS)) {
    if (next === 0) {
      await sleep(1_500);
      bytesMore = process.memoryUsage().rss - before;
    }
    expect(chunk.byteLength % 8).toBe(0);
    const numbers = new BigUint64Array(chunk.slice().buffer);
    const wrong = numbers.findIndex((number, i) => number !== BigInt(next + i));
    expect(wrong).toBe(-1);
    next += numbers.length;
  }
  expect(next).toBe(COUNT);
  // Nothing held back, it would be 320 MB.
  expect(bytesMore).toBeLessThan(120_000_000);
});

test('a consumer that stops in the middle frees its slot, also while the next chunk is made', async () => {
  // Behind its first chunk nothing comes for a long time.
  const stalling = 'SELECT number FROM numbers(1000000000000) WHERE number < 100000 OR cityHash64(number) = 1';
  for (let i = 0; i < 6; i++) {
    for await (const chunk of clickhouse.read(stalling, NUMBERS)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  }
  expect(await running()).toBe(1);
});

test('an error behind the first chunks comes behind them', async () => {
  const sql = 'SELECT throwIf(number = 1000000) AS zero FROM numbers(2000000)';
  let rows = 0;
  const read = async () => {
    for await (const chunk of clickhouse.read(sql, { format: 'RowBinary', settings: { max_threads: 1 } }))
      rows += chunk.length;
  };
  await expect(read()).rejects.toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('Code: 395') });
  expect(rows).toBeGreaterThan(500_000);
});

test.each([
  ['a scalar subquery runs', SCALAR, 0, false],
  ['a chunk is made', FIRST_CHUNK, 0, false],
  ['a small result is made', FIRST_CHUNK, 0, true],
  ['a consumer has stopped reading', 'SELECT number FROM system.numbers', 1, false],
])('closing while %s breaks it off in time, and leaves nothing open', async (_when, sql, chunks, isSmall) => {
  const reading = clickhouse.read(sql, { isSmall })[Symbol.asyncIterator]();
  for (let i = 0; i < chunks; i++) expect((await reading.next()).done).toBe(false);
  // One that has stopped reading asks again when all is over.
  const asked = chunks === 0 ? reading.next().catch((error: unknown) => error) : undefined;
  await sleep(300);
  const before = performance.now();
  await clickhouse.close();
  expect(performance.now() - before).toBeLessThan(5_000);
  expect(await (asked ?? reading.next().catch((error: unknown) => error))).toMatchObject({
    code: 'CLICKHOUSE_FAILED',
    message: 'ClickHouse is closed',
  });
  // One process has one directory open: with a session left, no other would open.
  const other = await openEmbedded({ path: join(parent, 'other'), readers: 1 });
  expect(await readText(other, 'SELECT 1', { format: 'TSV' })).toBe('1\n');
  await other.close();
  clickhouse = await openEmbedded({ path, readers: 2 });
  expect(await running()).toBe(1);
});

test('queries that are said to be small hold none of the threads that the writer and the file system need', async () => {
  await clickhouse.close();
  // As many as libuv has threads.
  clickhouse = await openEmbedded({ path, readers: 4 });
  const slow = Array.from({ length: 4 }, () =>
    readText(clickhouse, FIRST_CHUNK, { isSmall: true, timeLimitSeconds: 3 }).catch(() => 'ended'),
  );
  await sleep(500);
  const before = performance.now();
  expect(await clickhouse.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(performance.now() - before).toBeLessThan(1_500);
  expect(await Promise.all(slow)).toEqual(Array.from({ length: 4 }, () => 'ended'));
  await clickhouse.close();
  clickhouse = await openEmbedded({ path, readers: 2 });
});

/** Readers' queries, with the one that asks. */
async function running(): Promise<number> {
  const sql = "SELECT count() FROM system.processes WHERE startsWith(Settings['log_comment'], 'headrace reader')";
  return Number(await readText(clickhouse, sql, { format: 'TSV' }));
}
