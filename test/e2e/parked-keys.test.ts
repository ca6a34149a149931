import { setTimeout as sleep } from 'node:timers/promises';
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

const SERVING = /serving at (http:\/\/127\.0\.0\.1:\d+)/;

let place: ReturnType<typeof workplace>;
let data: string;
let running: RunningCommand;

/** Serves before its engine works. */
const start = async (): Promise<void> => {
  running = startHeadrace(['start', '--port', '0', '--no-traffic', '--park-keys', '--partitions', '2', '--data', data]);
  await running.said(SERVING);
  const address = SERVING.exec(running.told())![1]!;
  while (!(await fetch(`${address}/readyz`)).ok) await sleep(50);
};

beforeAll(async () => {
  place = workplace();
  data = place.file('data');
  await start();
}, 60_000);
afterAll(() => {
  running.child.kill('SIGKILL');
  place.remove();
});

const ask = (...args: readonly string[]) => headrace([...args, '--data', data]);
const lines = <T = Record<string, unknown>>(result: CommandResult): readonly T[] => {
  if (result.status !== 0) throw new RangeError(result.err);
  const all = result.out.split('\n').filter((line) => line !== '');
  return all.map((line) => JSON.parse(line) as T);
};

const payment = (accountId: string, transactionId: string) => {
  const amount = { direction: 'credit', amount: '5.00', currency: 'EUR', kind: 'posting' };
  return { key: accountId, value: { transactionId, accountId, ...amount, occurredAt: '2026-01-01T00:00:00Z' } };
};

async function send(...records: readonly object[]): Promise<void> {
  const stdin = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  lines(await headrace(['produce', 'transactions', '--data', data], { stdin }));
}

const accepted = async () => {
  const sql = 'SELECT account_id, transaction_id FROM headrace.transactions ORDER BY account_id, sequence';
  const rows = await query<{ account_id: string; transaction_id: string }>(data, sql);
  return rows.map((row) => `${row.account_id} ${row.transaction_id}`);
};

interface ListedLetter {
  readonly partition: number;
  readonly offset: number;
  readonly error: string;
  readonly message: string;
  readonly parked?: { readonly behind: string; readonly sequence: number; readonly status: string };
}
const list = async () => lines<ListedLetter>(await ask('dlq', 'list', 'transactions.dlq'));
const standing = (letters: readonly ListedLetter[]) =>
  letters.map(({ parked }) => `${parked?.sequence} ${parked?.status}`);
const at = ({ partition, offset }: ListedLetter) => ['transactions.dlq', String(partition), String(offset)];

describe('headrace dlq, where later records of an account wait behind its dead letter', () => {
  it('keeps the order of the account through a replay that fails, a kill, a discard and repeated replays', {
    timeout: 120_000,
  }, async () => {
    await send(
      payment('P', 'p1'),
      { key: 'P', value: 'not json' },
      payment('P', 'p2'),
      payment('Q', 'q1'),
      payment('P', 'p3'),
    );
    // Another account goes on, this one waits.
    expect(await accepted()).toEqual(['P p1', 'Q q1']);
    const letters = await list();
    expect(standing(letters)).toEqual(['0 next', '1 waits', '2 waits']);
    const behind = letters[0]!.parked!.behind;
    const keys = lines(await ask('dlq', 'list', '--keys'));
    expect(keys).toMatchObject([
      { application: 'account-ledger', key: 'P', behind, waiting: 3, next: { offset: letters[0]!.offset } },
    ]);
    expect(await ask('dlq', 'replay', ...at(letters[1]!))).toMatchObject({
      status: 1,
      err: expect.stringMatching(/waits behind transactions-\d+@\d+; next comes transactions\.dlq/),
    });
    expect(lines(await ask('dlq', 'replay', 'transactions.dlq', '--key', 'P', '--dry-run'))).toHaveLength(3);

    // It is as broken as before: all three come back, in their order.
    expect(lines(await ask('dlq', 'replay', 'transactions.dlq', '--key', 'P'))).toHaveLength(3);
    running.child.kill('SIGKILL');
    await running.ended;
    await start();
    await send(payment('P', 'p4'));
    const again = await list();
    expect(standing(again)).toEqual(['0 over', '1 over', '2 over', '0 next', '1 waits', '2 waits', '3 waits']);
    lines(await ask('dlq', 'discard', ...at(again[3]!), '--by', 'anna', '--why', 'not ours'));
    // At the same time: each record has one turn, however often it is sent.
    const replays = [1, 2].map(() => ask('dlq', 'replay', 'transactions.dlq'));
    for (const replay of await Promise.all(replays)) lines(replay);
    expect(lines(await ask('dlq', 'replay', 'transactions.dlq'))).toEqual([]);
    expect(await accepted()).toEqual(['P p1', 'P p2', 'P p3', 'P p4', 'Q q1']);
    expect((await list()).at(-1)).toMatchObject({ error: 'Discarded', message: 'discarded by anna: not ours' });

    running.child.kill('SIGTERM');
    await endsWell(running);
    const report = JSON.parse((await ask('reconcile', '--json')).out);
    expect(report).toMatchObject({ agrees: true, differences: [] });
  });
});
