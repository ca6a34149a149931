import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../free-ports.ts';
import { type CommandResult, endsWell, headrace, type RunningCommand, startHeadrace, workplace } from './headrace.ts';

/** A ClickHouse that is asked over HTTP: the embedded one of a second process, which lets itself be written to. */
let place: ReturnType<typeof workplace>;
let port: number;
let server: RunningCommand;
const url = () => `http://127.0.0.1:${port}`;

async function startServer(): Promise<void> {
  server = startHeadrace(['clickhouse', '--allow-writes', '--port', String(port), '--data', place.file('server')]);
  await server.said(`serving at ${url()}`);
}

async function kill(): Promise<void> {
  server.child.kill('SIGKILL');
  await server.ended;
}

async function execute(sql: string): Promise<string> {
  const response = await fetch(url(), { method: 'POST', body: sql });
  const text = await response.text();
  if (response.status !== 200) throw new RangeError(text);
  return text.trimEnd();
}

const count = async () => Number(await execute('SELECT count() FROM headrace.transactions'));

const transaction = (index: number) =>
  JSON.stringify({
    transactionId: `t${index}`,
    accountId: `A-${index % 5}`,
    direction: 'credit',
    amount: '1.25',
    currency: 'EUR',
    occurredAt: '2026-01-01T00:00:00Z',
    kind: 'posting',
  });

function input(name: string, from: number, to: number): string {
  const path = place.file(name);
  writeFileSync(path, Array.from({ length: to - from }, (_, i) => transaction(from + i)).join('\n'));
  return path;
}

const parsed = ({ status, out, err }: CommandResult) => {
  if (status !== 0) throw new RangeError(err);
  return JSON.parse(out) as Record<string, unknown>;
};

beforeAll(async () => {
  place = workplace();
  [port] = (await freePorts(1)) as [number];
  await startServer();
}, 120_000);
afterAll(async () => {
  await kill();
  place.remove();
});

describe('with a server in place of the embedded ClickHouse', () => {
  it('migrations run there, once, and say what they did', { timeout: 60_000 }, async () => {
    const migrate = () => headrace(['migrate', '--clickhouse', url(), '--json']);
    const first = parsed(await migrate()) as { applied: readonly string[]; last: string };
    expect(first.applied.length).toBeGreaterThanOrEqual(3);
    expect(first.applied.at(-1)).toBe(first.last);
    expect(parsed(await migrate())).toEqual({ applied: [], last: first.last });
    expect(await execute('SHOW TABLES FROM headrace')).toContain('transactions_rows');
  });

  it('a file goes through the sink there, is queried there, and all agrees', { timeout: 120_000 }, async () => {
    const file = input('some.ndjson', 0, 500);
    const data = place.file('once');
    const once = await headrace(['start', '--once', '--input', file, '--data', data, '--clickhouse', url(), '--json']);
    expect(parsed(once)).toMatchObject({ rowsInClickHouse: 500, reconciliation: { agrees: true } });
    expect(await count()).toBe(500);
    const sql = 'SELECT sum(amount) AS total FROM headrace.transactions';
    const asked = await headrace(['query', sql, '--json', '--data', data, '--clickhouse', url()]);
    expect(parsed(asked)).toEqual({ total: '625' });
    const refused = await headrace(['query', "SELECT file('/etc/passwd')", '--data', data, '--clickhouse', url()]);
    expect(refused).toMatchObject({ status: 1, err: expect.stringContaining('ACCESS_DENIED') });
    const backup = await headrace(['backup', '--to', place.file('b'), '--data', data, '--clickhouse', url()]);
    expect(backup).toMatchObject({ status: 1, err: expect.stringContaining('BACKUP_UNSUPPORTED') });
  });

  it('a server that is away or killed is waited for: intake goes on, and then everything is there once', {
    timeout: 240_000,
  }, async () => {
    await execute('DROP DATABASE headrace');
    await kill();
    const data = place.file('live');
    const node = startHeadrace(['start', '--no-traffic', '--port', '0', '--data', data, '--clickhouse', url()]);
    await node.said(/serving at http/);
    const address = /serving at (\S+)/.exec(node.told())![1]!;
    await post(address, 0, 1_000);
    const asked = await headrace(['query', 'SELECT 1', '--data', data]);
    expect(asked).toMatchObject({ status: 1, err: expect.stringMatching(/ECONNREFUSED.*CLICKHOUSE_FAILED/) });
    await startServer();
    await there(1_000);
    const posted = post(address, 1_000, 6_000);
    await sleep(500);
    await kill();
    await posted;
    await startServer();
    await there(6_000);
    const report = await headrace(['reconcile', '--data', data, '--json']);
    expect(parsed(report)).toMatchObject({ agrees: true });
    expect(await execute('SELECT count(), uniqExact(transaction_id) FROM headrace.transactions_rows FINAL')).toBe(
      '6000\t6000',
    );
    node.child.kill('SIGINT');
    await endsWell(node);
  });

  it('a changed migration and tables of a newer version are refused with what to do', { timeout: 60_000 }, async () => {
    const migrate = () => headrace(['migrate', '--clickhouse', url()]);
    const record = (number: number, file: string) =>
      execute(`INSERT INTO headrace.schema_migrations SELECT ${number}, '${file}', 'abc', now64(3)`);
    await record(999, '999-later.sql');
    expect(await migrate()).toMatchObject({ status: 1, err: expect.stringMatching(/999-later.*MIGRATION_NEWER/) });
    await execute('ALTER TABLE headrace.schema_migrations DELETE WHERE number = 999 SETTINGS mutations_sync = 1');
    await record(1, '001-ledger.sql');
    expect(await migrate()).toMatchObject({
      status: 1,
      err: expect.stringMatching(/Restore the file.*MIGRATION_CHANGED/),
    });
    const start = ['start', '--no-traffic', '--port', '0', '--data', place.file('changed'), '--clickhouse', url()];
    expect(await headrace(start)).toMatchObject({ status: 1, err: expect.stringContaining('MIGRATION_CHANGED') });
  });

  it('an address that is none', { timeout: 60_000 }, async () => {
    const wrong = await headrace(['migrate', '--clickhouse', 'not an address']);
    expect(wrong).toMatchObject({ status: 1, err: expect.stringContaining('not usable') });
    const away = await headrace(['migrate', '--clickhouse', `http://127.0.0.1:${(await freePorts(1))[0]}`]);
    expect(away).toMatchObject({ status: 1, err: expect.stringContaining('ECONNREFUSED') });
  });
});

/** Takes transactions in by HTTP, a thousand at a time. */
async function post(address: string, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += 1_000) {
    const body = `[${Array.from({ length: 1_000 }, (_, i) => transaction(start + i)).join()}]`;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${address}/transactions`, { method: 'POST', headers, body });
    if (response.status !== 202) throw new RangeError(await response.text());
  }
}

async function there(rows: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if ((await count().catch(() => -1)) === rows) return;
    await sleep(100);
  }
  throw new RangeError(`There are ${await count()} rows, not ${rows}`);
}
