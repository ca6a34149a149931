import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { headrace, startHeadrace, workplace } from './headrace.ts';

let place: ReturnType<typeof workplace>;
let data: string;
beforeEach(() => {
  place = workplace();
  data = place.file('data');
  mkdirSync(data);
});
afterEach(() => place.remove());

const transaction = (transactionId: string) =>
  JSON.stringify({
    transactionId,
    accountId: 'A',
    direction: 'credit',
    amount: '1.00',
    currency: 'EUR',
    occurredAt: '2026-01-01',
    kind: 'posting',
  });

describe('commands on one data directory, where nothing runs', () => {
  it('ask at the same time', { timeout: 60_000 }, async () => {
    const answers = await Promise.all(
      [1, 2, 3].map((number) => headrace(['query', `SELECT ${number} AS number`, '--json', '--data', data])),
    );
    expect(answers.map(({ status, out, err }) => [status, out, err])).toEqual(
      [1, 2, 3].map((number) => [0, `{"number":${number}}\n`, '']),
    );
  });

  it('find the topics, also where the first of them only reads', { timeout: 60_000 }, async () => {
    // It owns the directory and serves the others: what it did not make would be missing for all of them.
    expect(await headrace(['consume', 'transactions', '--data', data])).toMatchObject({ status: 0, out: '', err: '' });
  });

  it('feed one another: who follows a topic sees what others produce', { timeout: 60_000 }, async () => {
    const following = startHeadrace(['consume', 'transactions', '--follow', '--max', '2', '--data', data]);
    const produced = await Promise.all(
      ['t1', 't2'].map((id) =>
        headrace(['produce', 'transactions', '--key', 'A', '--value', transaction(id), '--data', data]),
      ),
    );
    expect(produced.map(({ status, err }) => [status, err])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const { status, out } = await following.ended;
    expect(status).toBe(0);
    const ids = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { value: { transactionId: string } }).value.transactionId);
    expect(ids.sort()).toEqual(['t1', 't2']);
    expect(await headrace(['reconcile', '--data', data])).toMatchObject({
      status: 0,
      out: expect.stringContaining('2 records in, 2 accepted'),
    });
  });
});
