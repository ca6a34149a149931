import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectToBrokers } from '../../src/log/kafka/client/connection.ts';
import { Cluster } from '../../src/log/kafka/cluster/cluster.ts';
import { describedGroup, type GroupDescription } from '../../src/log/kafka/group/described-group.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import { timing } from '../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { headrace, type RunningCommand, startHeadrace } from './headrace.ts';

const ACCOUNTS = Array.from({ length: 40 }, (_, i) => `A-${i}`);
const PARTITIONS = 8;
const LEDGER = 'account-ledger';

/** Two instances of one application, each started by hand as an operator does. */
kafkaSuite('two instances on Apache Kafka', { onlyInCi: true }, (brokers) => {
  let folder: string;
  let cluster: Cluster;
  const running = new Map<string, RunningCommand>();
  const kafka = () => ['--kafka', brokers().bootstrap];
  const data = (name: string) => ['--data', join(folder, name)];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headrace-instances-'));
    cluster = new Cluster({
      bootstrap: brokers().addresses,
      connect: connectToBrokers({ clientId: 'e2e' }),
      ...timing,
    });
  });
  afterAll(async () => {
    for (const { child, ended } of running.values()) {
      child.kill('SIGKILL');
      await ended;
    }
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (name: string): Promise<string> => {
    const args = ['start', '--no-traffic', '--port', '0', '--partitions', `${PARTITIONS}`, ...data(name), ...kafka()];
    const command = startHeadrace(args);
    running.set(name, command);
    await command.said('serving at');
    return /serving at (\S+)/.exec(command.told())![1]!;
  };
  const until = async <T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> => {
    for (const endAt = Date.now() + timeoutMs; ; await sleep(100)) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > endAt) throw new Error(`it takes too long ${what}`);
    }
  };
  /** The partitions of transactions that each instance has, once that many have any. */
  const shares = (instances: number): Promise<readonly (readonly number[])[]> =>
    until('to share the partitions', async () => {
      const { state, ownerOf }: GroupDescription = await describedGroup(cluster, LEDGER);
      if (state !== 'stable') return undefined;
      const byMember = new Map<string, number[]>();
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const member = ownerOf.get(`${partition} transactions`)?.memberId;
        if (member !== undefined) byMember.set(member, [...(byMember.get(member) ?? []), partition]);
      }
      const all = [...byMember.values()];
      return all.length === instances && all.flat().length === PARTITIONS ? all : undefined;
    });
  const homeOf = (account: string) => partitionFor(Buffer.from(account), PARTITIONS);
  const sortedAccounts = [...ACCOUNTS].sort();
  const keysOf = (out: string) =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { readonly key: string }).key);
  const range = (name: string, ...more: readonly string[]) =>
    headrace(['state', 'range', 'accounts', ...more, ...data(name), ...kafka()]);
  const balances = async (address: string): Promise<ReadonlyMap<string, number>> => {
    const statuses = ACCOUNTS.map(
      async (account) => [account, (await fetch(`${address}/accounts/${account}/balance`)).status] as const,
    );
    return new Map(await Promise.all(statuses));
  };

  it('each finds every account, over the command line and HTTP, whoever has it; stopped and killed owners are told of', {
    timeout: 400_000,
  }, async () => {
    const first = await start('a');
    const second = await start('b');
    await shares(2);
    const rows = ACCOUNTS.map((accountId, i) => ({
      ...{ transactionId: `T${i}`, accountId, direction: 'credit', amount: `${i + 1}.00`, currency: 'EUR' },
      ...{ occurredAt: '2024-07-05T10:00:00Z', kind: 'posting' },
    }));
    const idOf = (account: string) => `T${ACCOUNTS.indexOf(account)}`;
    const produce = async (all: readonly object[], topic = 'transactions') => {
      const stdin = all.map((value) => `${JSON.stringify({ value })}\n`).join('');
      const { status, err } = await headrace(['produce', topic, ...data('a'), ...kafka()], { stdin });
      expect([status, err]).toEqual([0, '']);
    };
    await produce(rows);

    await until('to post everything', async () =>
      keysOf((await range('a')).out).length === ACCOUNTS.length ? true : undefined,
    );
    expect(keysOf((await range('a')).out)).toEqual(sortedAccounts);
    expect(keysOf((await range('b')).out)).toEqual(sortedAccounts);
    expect(keysOf((await range('b', '--limit', '7')).out)).toEqual(sortedAccounts.slice(0, 7));
    expect(keysOf((await range('a', '--from', 'A-2', '--to', 'A-3')).out)).toEqual(
      sortedAccounts.filter((each) => each >= 'A-2' && each < 'A-3'),
    );
    for (const address of [first, second]) {
      expect([...(await balances(address)).values()].filter((status) => status !== 200)).toEqual([]);
    }
    // What became of a posted transaction stands in the ClickHouse of the instance where the sink runs; nobody says that it is not there.
    await until('to be in ClickHouse', async () => {
      const asked = await Promise.all([first, second].map((address) => fetch(`${address}/accounts/A-1/transactions`)));
      const lists = await Promise.all(
        asked.map((answer) => answer.json() as Promise<{ transactions?: readonly unknown[] }>),
      );
      return lists.some(({ transactions = [] }) => transactions.length > 0) ? true : undefined;
    });
    const statuses = await Promise.all(
      [first, second].map(
        async (address) => (await fetch(`${address}/accounts/A-1/transactions/${idOf('A-1')}`)).status,
      ),
    );
    expect(statuses.sort()).toEqual([200, 503]);
    expect((await fetch(`${first}/instances/state`, { method: 'POST', body: '{}' })).status).toBe(401);
    const wrong = { authorization: 'Bearer wrong', 'content-type': 'application/json' };
    expect((await fetch(`${first}/instances/state`, { method: 'POST', headers: wrong, body: '{}' })).status).toBe(401);

    // Cases hang on terminals, and each instance has some of them.
    const withdrawals = Array.from({ length: 12 }, (_, i) => ({ withdrawalId: `W-${i}`, terminalId: `T-${i}` }));
    const at = new Date().toISOString();
    const request = { amount: '1.00', currency: 'EUR', requestedAt: at };
    await produce(
      withdrawals.map((each, i) => ({ ...each, accountId: ACCOUNTS[i], ...request })),
      'atm.withdrawals',
    );
    await produce(
      withdrawals.map((each) => ({ ...each, status: 'RETRACTED', occurredAt: at })),
      'atm.dispense-results',
    );
    const casesOf = async (name: string) =>
      (await headrace(['cases', 'list', '--json', ...data(name), ...kafka()])).out.match(/case:W-\d+/g) ?? [];
    await until('to open cases', async () => (new Set(await casesOf('a')).size === 12 ? true : undefined));
    expect(new Set(await casesOf('b')).size).toBe(12);
    for (const address of [first, second]) {
      const found = withdrawals.map(({ withdrawalId }) => fetch(`${address}/cases/case:${withdrawalId}`));
      expect((await Promise.all(found)).map(({ status }) => status)).toEqual(withdrawals.map(() => 200));
    }

    const reconciled = await headrace(['reconcile', ...data('a'), ...kafka()]);
    expect([reconciled.status, reconciled.err]).toEqual([
      1,
      expect.stringContaining('Other instances work on this log'),
    ]);

    // Stopped: what it owns is asked for in vain, and the rest is found.
    const [a, b] = [running.get('a')!, running.get('b')!];
    b.child.kill('SIGSTOP');
    const one = await describedGroup(cluster, LEDGER);
    const own = (partition: number) =>
      one.ownerOf.get(`${partition} transactions`)?.endpoint?.startsWith(first) === true;
    const mine = ACCOUNTS.filter((account) => own(homeOf(account)));
    expect(mine.length).toBeGreaterThan(0);
    expect(mine.length).toBeLessThan(ACCOUNTS.length);
    for (const account of mine) {
      expect((await fetch(`${first}/accounts/${account}/balance`)).status).toBe(200);
    }
    const theirs = ACCOUNTS.find((account) => !own(homeOf(account)))!;
    // Its session is over about when the other one gives up.
    const told = await headrace(['state', 'get', 'accounts', theirs, ...data('a'), ...kafka()]);
    if (told.status !== 0) expect(told.err).toContain(`Partition ${homeOf(theirs)} of the state of group ${LEDGER}`);
    else expect(told.out).toContain(theirs);

    // Its session is over: the first one has everything.
    await shares(1);
    expect(keysOf((await range('a')).out)).toEqual(sortedAccounts);
    // Changed while it was away.
    const again = rows.map((row) => ({ ...row, transactionId: `${row.transactionId}-2` }));
    await produce(again);
    const bookedIn = async (address: string, account: string) => {
      const response = await fetch(`${address}/accounts/${account}/balance`);
      return response.status === 200 ? JSON.stringify(await response.json()) : response.status;
    };
    await until('to post again', async () => {
      const all = await Promise.all(ACCOUNTS.map((account) => bookedIn(first, account)));
      return all.every((each) => typeof each === 'string' && each.includes('"sequence":2')) ? true : undefined;
    });
    // Its own users have asked while it was stopped, and ask the moment it goes on: what it had, they never see.
    const asked = ACCOUNTS.map((account) => bookedIn(second, account));
    await sleep(200);
    b.child.kill('SIGCONT');
    const seen = await Promise.all([...asked, ...ACCOUNTS.map((account) => bookedIn(second, account))]);
    expect(seen.filter((each) => typeof each !== 'number' && !each.includes('"sequence":2'))).toEqual([]);

    // Killed.
    await shares(2);
    const now = await describedGroup(cluster, LEDGER);
    const gone = ACCOUNTS.find(
      (account) => now.ownerOf.get(`${homeOf(account)} transactions`)?.endpoint?.startsWith(first) === true,
    )!;
    a.child.kill('SIGKILL');
    await a.ended;
    expect([503, 'string']).toContain(
      await bookedIn(second, gone).then((found) => (typeof found === 'number' ? found : 'string')),
    );
    await shares(1);
    expect(
      await until('to find it', async () => {
        const found = await bookedIn(second, gone);
        return typeof found === 'string' ? found : undefined;
      }),
    ).toContain('"sequence":2');

    // Nobody: an instance that never had most of it restores it.
    b.child.kill('SIGTERM');
    await b.ended;
    expect(keysOf((await range('a')).out)).toEqual(sortedAccounts);
    for (const name of ['a', 'b']) {
      const log = readFileSync(join(folder, name, 'headrace.log'), 'utf8');
      for (const owner of [...one.owners, ...now.owners]) expect(log).not.toContain(owner.endpoint!.split(' ')[1]);
    }
  });
});
