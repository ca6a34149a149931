import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CommandResult,
  endsWell,
  headrace,
  query,
  type RunningCommand,
  startHeadrace,
  workplace,
} from './headrace.ts';

const BIN = fileURLToPath(new URL('../../bin/headrace.mjs', import.meta.url));

let place: ReturnType<typeof workplace>;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.remove());

const lines = (result: CommandResult): readonly Record<string, unknown>[] => {
  if (result.status !== 0) throw new RangeError(result.err);
  return result.out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('headrace start, on generated traffic', () => {
  let data: string;
  let running: RunningCommand;
  const ask = (...args: readonly string[]) => headrace([...args, '--data', data]);

  beforeAll(async () => {
    data = place.file('live');
    running = startHeadrace(['start', '--port', '0', '--rate', '300', '--data', data]);
    await running.said(/serving at http:\/\/127\.0\.0\.1:\d+/);
  }, 60_000);
  afterAll(() => running.child.kill('SIGKILL'));

  it('answers queries, and gives records out', { timeout: 60_000 }, async () => {
    const rows = async () =>
      Number((await query<{ n: string }>(data, 'SELECT count() AS n FROM headrace.transactions'))[0]!.n);
    for (let tries = 0; tries < 50 && (await rows()) === 0; tries++) await sleep(100);
    expect(await rows()).toBeGreaterThan(0);
    const records = lines(await ask('consume', 'ledger.transactions', '--max', '3'));
    expect(records).toHaveLength(3);
    expect(records[0]).toMatchObject({ topic: 'ledger.transactions', offset: 0, value: { sequence: 1 } });
    const withdrawals = async () => query<{ state: string }>(data, 'SELECT DISTINCT state FROM headrace.withdrawals');
    for (let tries = 0; tries < 20 && !(await withdrawals()).some(({ state }) => state === 'DISPENSED'); tries++) {
      await sleep(250);
    }
    expect(await withdrawals()).toContainEqual({ state: 'DISPENSED' });
    const wrong = await ask('query', 'DROP TABLE headrace.transactions_rows');
    expect(wrong).toMatchObject({ status: 1, err: expect.stringMatching(/DROP is not a query.*QUERY_FAILED/) });
    const unknown = await ask('consume', 'nope');
    expect(unknown).toMatchObject({ status: 1, err: expect.stringMatching(/no topic nope/) });
  });

  it('counts only what a file brought, though others send as well', { timeout: 60_000 }, async () => {
    const row = (index: number, more: object = {}) =>
      JSON.stringify({
        transactionId: `f${index}`,
        accountId: `F-${index % 3}`,
        direction: 'credit',
        amount: '1.00',
        currency: 'EUR',
        occurredAt: '2026-01-01',
        kind: 'posting',
        ...more,
      });
    const rows = [...Array.from({ length: 20 }, (_, index) => row(index)), row(1), row(21, { currency: 'XXX' }), '{'];
    writeFileSync(place.file('some.ndjson'), rows.join('\n'));
    const [summary] = lines(await ask('ingest', place.file('some.ndjson'), '--json'));
    expect(summary).toMatchObject({
      intake: { read: 23, appended: 22, rejected: 1 },
      outcomes: { accepted: 20, rejected: { CURRENCY_UNKNOWN: 1, DUPLICATE: 1 }, deadLetters: 0 },
    });
    expect(await query(data, `SELECT count() AS n FROM headrace.transactions WHERE account_id LIKE 'F-%'`)).toEqual([
      { n: '20' },
    ]);
  });

  it('shows dead letters and sends them again', { timeout: 60_000 }, async () => {
    expect(lines(await ask('dlq', 'list'))).toEqual([]);
    lines(await headrace(['produce', 'transactions', '--data', data], { stdin: '{"key":"X","value":"not json"}\n' }));
    const [letter] = lines(await ask('dlq', 'list', 'transactions.dlq'));
    expect(letter).toMatchObject({ topic: 'transactions.dlq', source: { topic: 'transactions' } });
    const shown = await ask('dlq', 'show', 'transactions.dlq', String(letter!.partition), String(letter!.offset));
    expect(JSON.parse(shown.out)).toMatchObject({ key: 'X', value: 'not json' });
    lines(await ask('dlq', 'replay', 'transactions.dlq', String(letter!.partition), String(letter!.offset)));
    // It is as broken as before, so it comes back.
    expect(lines(await ask('dlq', 'list'))).toHaveLength(2);
    expect(await ask('dlq', 'show', 'transactions.dlq', String(letter!.partition), '999')).toMatchObject({
      status: 1,
      err: expect.stringMatching(/OFFSET_OUT_OF_RANGE/),
    });
  });

  it('refuses what comes for a closed account, and records with card numbers', { timeout: 60_000 }, async () => {
    lines(await ask('produce', 'accounts', '--key', 'C-1', '--value', '{"accountId":"C-1","status":"closed"}'));
    const payment = {
      transactionId: 'c1',
      accountId: 'C-1',
      direction: 'credit',
      amount: '5.00',
      currency: 'EUR',
      occurredAt: '2026-01-01',
      kind: 'posting',
    };
    lines(await ask('produce', 'transactions', '--key', 'C-1', '--value', JSON.stringify(payment)));
    expect(
      await query(data, `SELECT code, transaction_id FROM headrace.rejected_transactions WHERE account_id = 'C-1'`),
    ).toEqual([{ code: 'ACCOUNT_CLOSED', transaction_id: 'c1' }]);
    const card = await ask('produce', 'accounts', '--key', 'C-2', '--value', '{"card":"4111 1111 1111 1111"}');
    expect(card).toMatchObject({ status: 1, out: '', err: expect.stringMatching(/card number.*must not come in/) });
    expect(card.err).not.toContain('4111');
  });

  it('reconciles in the midst of it', { timeout: 60_000 }, async () => {
    const result = await ask('reconcile', '--json');
    expect(JSON.parse(result.out)).toMatchObject({ agrees: true, differences: [] });
    expect(result.status).toBe(0);
  });

  it('is quiet when the reader of a result goes away', { timeout: 60_000 }, async () => {
    const sql = 'SELECT number, repeat(toString(number), 50) FROM numbers(300000)';
    const asking = spawn(process.execPath, [BIN, 'query', sql, '--json', '--data', data]);
    let err = '';
    asking.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    await once(asking.stdout, 'data');
    asking.stdout.destroy();
    const [status] = (await once(asking, 'close')) as [number];
    expect({ status, err }).toEqual({ status: 0, err: '' });
  });

  it('drains on Ctrl-C, ends with 0, and all agrees afterwards', { timeout: 60_000 }, async () => {
    running.child.kill('SIGINT');
    const { status, err } = await running.ended;
    expect(status, err).toBe(0);
    expect(err).toMatch(/Ending:[\s\S]*Everything taken in is processed and in ClickHouse/);
    const after = await ask('reconcile', '--json');
    expect(JSON.parse(after.out)).toMatchObject({ agrees: true, deadLetters: 2 });
    expect(lines(await ask('dlq', 'list'))).toHaveLength(2);
  });
});

describe('headrace start', () => {
  it('goes on after a kill as if nothing had happened', { timeout: 60_000 }, async () => {
    const data = place.file('killed');
    const first = startHeadrace(['start', '--port', '0', '--rate', '2000', '--data', data]);
    await first.said(/serving at/);
    await sleep(1_500);
    first.child.kill('SIGKILL');
    expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
    const between = await headrace(['reconcile', '--json', '--data', data]);
    expect(JSON.parse(between.out)).toMatchObject({ agrees: true });
    const second = startHeadrace(['start', '--port', '0', '--data', data]);
    await second.said(/serving at/);
    await sleep(500);
    second.child.kill('SIGTERM');
    await endsWell(second);
    const after = await headrace(['reconcile', '--json', '--data', data]);
    expect(after.status).toBe(0);
    const [before, now] = [between, after].map(({ out }) => (JSON.parse(out) as { inputRecords: number }).inputRecords);
    expect(before).toBeGreaterThan(500);
    expect(now).toBeGreaterThan(before!);
  });

  it('ends in time, and well, while a query runs that would run for long', { timeout: 60_000 }, async () => {
    const data = place.file('asked');
    const started = startHeadrace(['start', '--port', '0', '--rate', '300', '--data', data]);
    await started.said(/serving at/);
    // The engine works it out before there is a stream, for as long as the time limit of a minute.
    const asking = startHeadrace(['query', 'SELECT (SELECT count() FROM system.numbers) AS n', '--data', data]);
    const running =
      "SELECT query FROM system.processes WHERE query LIKE '%system.numbers%' AND query NOT LIKE '%processes%'";
    for (let tries = 0; tries < 20 && (await query(data, running)).length === 0; tries++) await sleep(100);
    expect(await query(data, running)).toHaveLength(1);
    const before = performance.now();
    started.child.kill('SIGTERM');
    await endsWell(started);
    expect(performance.now() - before).toBeLessThan(15_000);
    expect(await asking.ended).toMatchObject({ status: 1, out: '' });
  });

  it('says when its port is taken', { timeout: 60_000 }, async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const result = await headrace(['start', '--port', String(port), '--data', place.file('port')]);
    server.close();
    expect(result).toMatchObject({
      status: 2,
      err: expect.stringMatching(/Port \d+ of 127\.0\.0\.1 is taken.*--port/),
    });
  });

  const hasScript = spawnSync('script', ['--version']).status === 0;
  it.skipIf(!hasScript)(
    'shows a view on a terminal (skipped where there is no script(1))',
    { timeout: 60_000 },
    async () => {
      const command = `exec ${process.execPath} ${BIN} start --port 0 --rate 100 --data ${place.file('terminal')}`;
      const child = spawn('script', ['-qec', command, '/dev/null'], {
        env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let shown = '';
      child.stdout.on('data', (chunk: Buffer) => {
        shown += chunk.toString();
      });
      for (let tries = 0; tries < 200 && !/booked +\w{3} +\d/.test(shown); tries++) await sleep(100);
      expect(shown).toMatch(/booked +\w{3} +\d/);
      child.stdin.write('\u0003');
      const [status] = (await once(child, 'close')) as [number];
      expect({ status, shown: status === 0 ? '' : shown }).toEqual({ status: 0, shown: '' });
      expect(shown).toMatch(/Headrace +00:00:\d\d +http:\/\/127\.0\.0\.1:\d+ +Ctrl-C ends/);
      expect(shown).toMatch(/accepted +\d+/);
      expect(shown).toContain('Everything taken in is processed');
      // The cursor was hidden for the view and is back.
      expect(shown.lastIndexOf('\u001b[?25h')).toBeGreaterThan(shown.lastIndexOf('\u001b[?25l'));
      expect(shown).not.toContain('\u001b[1m');
    },
  );
});
