import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headrace, query, type RunningCommand, startHeadrace, workplace } from './headrace.ts';

const LIMIT = { timeout: 120_000 };
let place: ReturnType<typeof workplace>;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.remove());

const line = (value: Record<string, unknown>) => `${JSON.stringify({ value })}\n`;
const at = '2026-03-01T10:00:00.000Z';

async function produce(data: string, topic: string, ...values: readonly Record<string, unknown>[]): Promise<void> {
  const result = await headrace(['produce', topic, '--data', data], { stdin: values.map(line).join('') });
  expect(result).toMatchObject({ status: 0, err: '' });
}

const salary = {
  transactionId: 'salary',
  accountId: 'A-1',
  direction: 'credit',
  amount: '1000.00',
  currency: 'EUR',
  occurredAt: at,
  kind: 'posting',
};
const withdrawal = (withdrawalId: string, amount: string) => ({
  withdrawalId,
  accountId: 'A-1',
  terminalId: 'T-1',
  amount,
  currency: 'EUR',
  requestedAt: at,
});
const result = (withdrawalId: string, status: string, more: Record<string, unknown> = {}) => ({
  withdrawalId,
  terminalId: 'T-1',
  status,
  occurredAt: at,
  ...more,
});

const balance = async (data: string) =>
  (await query(data, `SELECT booked, held, available FROM headrace.balances WHERE account_id = 'A-1'`))[0];
const parsed = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as Record<string, unknown>);

/** A failed dispense, one that was retracted, and one whose terminal contradicts itself. */
async function prepare(data: string): Promise<void> {
  await produce(data, 'transactions', salary);
  await produce(data, 'atm.withdrawals', withdrawal('w-fail', '50.00'), withdrawal('w-back', '70.00'));
  await produce(data, 'atm.withdrawals', withdrawal('w-odd', '30.00'));
  await produce(data, 'atm.dispense-results', result('w-fail', 'FAIL'), result('w-back', 'RETRACTED'));
  await produce(data, 'atm.dispense-results', result('w-odd', 'SUCCESS', { taken: '300.00' }));
}

async function settles(data: string): Promise<void> {
  const cases = (...args: readonly string[]) => headrace(['cases', ...args, '--data', data]);
  const states = 'SELECT withdrawal_id, state, toString(reversed) AS reversed FROM headrace.withdrawals ORDER BY 1';
  expect(await query(data, states)).toEqual([
    { withdrawal_id: 'w-back', state: 'SUSPECT', reversed: '0' },
    { withdrawal_id: 'w-fail', state: 'REVERSED', reversed: '50' },
    { withdrawal_id: 'w-odd', state: 'SUSPECT', reversed: '0' },
  ]);
  expect(await balance(data)).toEqual({ booked: '1000', held: '100', available: '900' });

  const listed = parsed((await cases('list', '--json')).out);
  expect(listed.map(({ caseId, status, kind }) => [caseId, status, kind])).toEqual(
    expect.arrayContaining([
      ['case:w-back', 'open', 'retracted'],
      ['case:w-odd', 'open', 'contradiction'],
    ]),
  );
  expect(listed).toHaveLength(2);
  expect((await cases('list', '--terminal', 'T-1', '--status', 'open')).out).toMatch(/^CASE +STATUS.*\ncase:w/);
  expect(await cases('list', '--terminal', 'T-2')).toMatchObject({
    status: 0,
    out: '',
    err: expect.stringMatching(/no such cases/),
  });

  const shown = parsed((await cases('show', 'case:w-back', '--json')).out)[0] as { history: readonly unknown[] };
  for (const topic of ['atm.withdrawals', 'ledger.outcomes', 'atm.dispense-results', 'atm.dispense.failed']) {
    expect(shown.history).toContainEqual(
      expect.objectContaining({ topic, partition: expect.any(Number), offset: expect.any(Number) }),
    );
  }

  expect(await cases('assign', 'case:w-back', '--to', 'anna', '--by', 'boris')).toMatchObject({ status: 0 });
  const first = await cases('resolve', 'case:w-back', '--decision', 'refund', '--by', 'anna', '--note', 'counted');
  expect(first).toMatchObject({
    status: 0,
    out: expect.stringMatching(/status +proposed/),
    err: expect.stringMatching(/Another person must confirm/),
  });
  const same = await cases('resolve', 'case:w-back', '--decision', 'refund', '--by', ' Anna ');
  expect(same).toMatchObject({
    status: 1,
    out: '',
    err: expect.stringMatching(/another person must confirm \[SAME_PERSON\]/),
  });
  expect(await balance(data)).toEqual({ booked: '1000', held: '100', available: '900' });
  const second = await cases('resolve', 'case:w-back', '--decision', 'refund', '--by', 'boris', '--json');
  expect(second).toMatchObject({ status: 0, err: '' });
  expect(parsed(second.out)[0]).toMatchObject({
    status: 'resolved',
    resolution: { decision: 'refund', persons: ['anna', 'boris'], moved: '70.00' },
  });
  for (const by of ['anna', 'carl']) {
    expect(await cases('resolve', 'case:w-odd', '--decision', 're-debit', '--by', by)).toMatchObject({ status: 0 });
  }
  expect((await headrace(['reconcile', '--json', '--data', data])).status).toBe(0);
  expect(await balance(data)).toEqual({ booked: '970', held: '0', available: '970' });
  expect(await query(data, 'SELECT case_id, status, decision FROM headrace.reconciliation_cases ORDER BY 1')).toEqual([
    { case_id: 'case:w-back', status: 'resolved', decision: 'refund' },
    { case_id: 'case:w-odd', status: 'resolved', decision: 're-debit' },
  ]);

  const card = await cases('resolve', 'case:w-odd', '--decision', 'refund', '--by', 'x', '--note', '4111111111111111');
  expect(card).toMatchObject({
    status: 1,
    out: '',
    err: expect.stringMatching(/note holds what looks like a card number/),
  });
  expect(card.err).not.toContain('4111');
  expect(await cases('show', 'case:nobody')).toMatchObject({
    status: 1,
    err: expect.stringMatching(/no case case:nobody/),
  });
}

describe('cash that did not come out, from the command line', () => {
  it('is reversed by rule or settled by two persons, each command on its own', LIMIT, async () => {
    const data = place.file('alone');
    await produce(data, 'transactions', salary);
    await produce(data, 'atm.withdrawals', withdrawal('w-fail', '50.00'), withdrawal('w-back', '70.00'));
    await produce(data, 'atm.dispense-results', result('w-fail', 'FAIL'), result('w-back', 'RETRACTED'));
    for (const [by, status] of [
      ['anna', 'proposed'],
      ['boris', 'resolved'],
    ] as const) {
      const decided = await headrace([
        'cases',
        'resolve',
        'case:w-back',
        '--decision',
        'refund',
        '--by',
        by,
        '--data',
        data,
      ]);
      expect(decided).toMatchObject({ status: 0, out: expect.stringMatching(new RegExp(`status +${status}`)) });
    }
    expect((await headrace(['reconcile', '--data', data])).status).toBe(0);
    expect(await balance(data)).toEqual({ booked: '1000', held: '0', available: '1000' });
  });

  describe('beside a running process', () => {
    let data: string;
    let running: RunningCommand;
    beforeAll(async () => {
      data = place.file('beside');
      running = startHeadrace(['start', '--no-traffic', '--port', '0', '--data', data]);
      await running.said(/serving at/);
    }, 60_000);
    afterAll(() => running.child.kill('SIGKILL'));

    it('goes the same way', LIMIT, async () => {
      await prepare(data);
      await settles(data);
    });
  });
});
