import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ControlServer, serveControl } from '../../../src/app/http/control-server.ts';
import { TOKEN_HEADER } from '../../../src/app/http/wire.ts';
import type { LocalNode } from '../../../src/app/local-node.ts';
import { RemoteNode } from '../../../src/app/remote-node.ts';
import { openTemporaryNode, transaction } from '../temporary-node.ts';

/** Works for ever on its first chunk; the next before it has a stream; the last makes chunks for much longer than a test lasts. */
const ENDLESS = 'SELECT count() FROM system.numbers';
const SCALAR = 'SELECT (SELECT count() FROM system.numbers) AS count';
const LARGE = "SELECT number, repeat('x', 200) AS text FROM numbers(30000000)";
const CLIENTS = 100;
/** As many as there are at the least. */
const READERS = 2;

let node: LocalNode;
let server: ControlServer;
let remote: RemoteNode;
beforeEach(async () => {
  node = await openTemporaryNode();
  await node.drain();
  server = await serveControl(node, 0);
  remote = new RemoteNode(server.address, server.token, node.formats);
});
afterEach(() => server.close());

/** Asks, and resolves with what makes the client go away without a word, as a kill does: once rows have come, or at once. */
async function client(query: string, waitsForRows: boolean): Promise<() => void> {
  const body = JSON.stringify({ query, output: 'json', isTerminal: false });
  const headers = { [TOKEN_HEADER]: server.token, 'content-type': 'application/json' };
  const asking = request(`${server.address}/control/query`, { method: 'POST', headers });
  asking.on('error', () => undefined).end(body);
  if (waitsForRows) {
    await new Promise<void>((resolve) => {
      asking.on('response', (response) => response.once('data', () => response.pause() && resolve()));
    });
  }
  return () => asking.destroy();
}

async function running(): Promise<number> {
  const { clickhouse } = await node.store();
  // By the writer's session: it waits for no reader.
  const rows = await clickhouse.rows(
    "SELECT query FROM system.processes WHERE query LIKE '%numbers%' AND query NOT LIKE '%processes%'",
  );
  return rows.length;
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 10_000; !(await isSo()); await sleep(20)) {
    if (Date.now() > end) throw new RangeError(`In 10 s it did not come to this: ${what}`);
  }
}

/** How long the engine takes to be rid of all queries, and for a next one to be answered; milliseconds. */
async function untilFree(): Promise<number> {
  const startedAt = Date.now();
  await until(async () => (await running()) === 0, 'no query runs');
  const rows: Uint8Array[] = [];
  for await (const chunk of remote.query('SELECT 1 AS one', 'json', false)) rows.push(chunk);
  expect(Buffer.concat(rows).toString()).toBe('{"one":1}\n');
  return Date.now() - startedAt;
}

describe('a client that goes away', { timeout: 60_000 }, () => {
  test('in the midst of its rows ends its query', async () => {
    const clients = await Promise.all(Array.from({ length: READERS }, () => client(LARGE, true)));
    expect(await running()).toBe(READERS);
    for (const leave of clients) leave();
    expect(await untilFree()).toBeLessThan(3_000);
  });

  test.each([ENDLESS, SCALAR])('before its first row ends its query: %s', async (endless) => {
    const leave = await client(endless, false);
    await until(async () => (await running()) === 1, 'the query runs');
    leave();
    expect(await untilFree()).toBeLessThan(3_000);
  });

  test('one hundred times leaves room for the next, and the sink goes on', async () => {
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => client(i % 2 ? LARGE : ENDLESS, false)),
    );
    await until(async () => (await running()) > 1, 'queries run');
    for (const leave of clients) leave();
    expect(await untilFree()).toBeLessThan(3_000);
    await node.append([transaction('A', 't')]);
    await node.drain();
    const { clickhouse } = await node.store();
    expect(await clickhouse.rows('SELECT transaction_id FROM headrace.transactions')).toEqual([
      { transaction_id: 't' },
    ]);
  });

  test('from a query of another process by a signal, or by asking no more', async () => {
    const gone = new AbortController();
    const asking = remote.query(ENDLESS, 'json', false, gone.signal)[Symbol.asyncIterator]().next();
    await until(async () => (await running()) === 1, 'the query runs');
    gone.abort();
    await expect(asking).rejects.toMatchObject({ code: 'QUERY_FAILED', message: 'The query was broken off' });
    for await (const _chunk of remote.query(LARGE, 'json', false)) break;
    expect(await untilFree()).toBeLessThan(3_000);
  });
});
