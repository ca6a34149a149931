import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endsWell, startHeadrace, workplace } from './headrace.ts';

const INTERFACE = /ClickHouse's HTTP interface at (http:\/\/127\.0\.0\.1:\d+), for reading/;

let place: ReturnType<typeof workplace>;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.remove());

it('what a running start has written is there for tools, which can’t write', { timeout: 120_000 }, async () => {
  const data = place.file('data');
  const running = startHeadrace(['start', '--port', '0', '--clickhouse-port', '0', '--rate', '300', '--data', data]);
  await running.said(INTERFACE);
  await running.said(/serving at/);
  const address = INTERFACE.exec(running.told())![1]!;
  const ask = async (sql: string) => (await fetch(address, { method: 'POST', body: sql })).text();
  let count = '0';
  for (let tries = 0; tries < 200 && !(Number(count) > 0); tries++) {
    await sleep(100);
    count = await ask('SELECT count() FROM transactions');
  }
  expect(Number(count)).toBeGreaterThan(0);
  expect(await ask('TRUNCATE TABLE transactions_rows')).toMatch(/^Code: 164\./);
  // A query that runs does not keep the process.
  const endless = ask('SELECT count() FROM system.numbers').catch(() => 'cut');
  await sleep(500);
  running.child.kill('SIGINT');
  expect(await endless).toBe('cut');
  await endsWell(running);
});

it('the usual port may be taken by another instance: both run', { timeout: 120_000 }, async () => {
  const start = (name: string) =>
    startHeadrace(['start', '--port', '0', '--no-traffic', '--data', place.file(name)], {
      HEADRACE_CLICKHOUSE_PORT: '',
    });
  const both = [start('one'), start('two')];
  for (const each of both) await each.said(/serving at/);
  const told = both.map((each) => each.told()).join('');
  expect(told).toMatch(/Port 8123 of 127\.0\.0\.1 is taken; choose another .*; going on without/);
  for (const each of both) each.child.kill('SIGINT');
  for (const each of both) await endsWell(each);
});
