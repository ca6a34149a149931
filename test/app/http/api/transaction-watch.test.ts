import { afterAll, expect, it } from 'vitest';
import { type ApiTestOptions, dataPlace, openApi, payment } from './api-under-test.ts';

const place = dataPlace();
afterAll(() => place.remove());

const NEVER_MS = 3_600_000;
const debit = payment('A', 'debit', { direction: 'debit', kind: 'request', amount: '100.00' });

/** Opens the data directory for as long as `work` takes; each time it is the next process. */
async function within<T>(
  name: string,
  options: Partial<ApiTestOptions>,
  work: (api: Awaited<ReturnType<typeof openApi>>) => Promise<T>,
): Promise<T> {
  const api = await openApi({ ...options, dataDirectory: place.data(name) });
  try {
    return await work(api);
  } finally {
    await api.close();
  }
}

it('finds outcomes that ClickHouse does not have, also in the next process', async () => {
  const slowSink = { node: { flushIntervalMs: NEVER_MS } };
  await within('behind', slowSink, async ({ get, post, node }) => {
    await post('/transactions', [payment('A', 'credit'), debit]);
    expect((await get('/accounts/A/transactions/credit?waitMs=10000')).body).toMatchObject({ status: 'posted' });
    expect((await get('/accounts/A/transactions/debit?waitMs=10000')).body).toMatchObject({ status: 'refused' });
    expect((await node.status()).sinkLag).toBeGreaterThan(0);
    expect((await get('/accounts/A/transactions')).body).toMatchObject({ lastSequence: 1, transactions: [] });
  });
  await within('behind', { runsEngine: false }, async ({ get }) => {
    // Neither engine nor ClickHouse run: the log alone must say it.
    expect((await get('/accounts/A/transactions/credit')).body).toMatchObject({ status: 'posted', sequence: 1 });
    expect((await get('/accounts/A/transactions/debit')).body).toMatchObject({ status: 'refused' });
    expect((await get('/accounts/A/transactions/other')).body).toMatchObject({ status: 503, code: 'NOT_RUNNING' });
  });
});

it('a transaction that was refused and is sent again is pending until it is judged again', async () => {
  await within('again', {}, async ({ get, post, node }) => {
    await post('/transactions', debit);
    expect((await get('/accounts/A/transactions/debit?waitMs=10000')).body).toMatchObject({ status: 'refused' });
    await node.drain();
  });
  await within('again', { runsEngine: false }, async ({ get, post }) => {
    await post('/transactions', [payment('A', 'salary', { amount: '500.00' }), debit]);
    expect((await get('/accounts/A/transactions/debit')).body).toMatchObject({ status: 'pending' });
  });
  await within('again', {}, async ({ get }) => {
    expect((await get('/accounts/A/transactions/debit?waitMs=10000')).body).toMatchObject({
      status: 'posted',
      balanceAfter: '400.00',
    });
  });
});

it('one that is posted stays posted while the same identity waits again', async () => {
  await within('posted', {}, async ({ post, node }) => {
    await post('/transactions', payment('A', 't'));
    await node.drain();
  });
  await within('posted', {}, async ({ get, post, node }) => {
    const hold = await node.hold();
    await hold.release();
    await post('/transactions', payment('A', 't', { amount: '99.00' }));
    expect((await get('/accounts/A/transactions/t')).body).toMatchObject({ status: 'posted', amount: '10.00' });
    await node.drain();
    expect((await get('/accounts/A/transactions/t')).body).toMatchObject({ status: 'posted', amount: '10.00' });
  });
});

it('a record that another way brought in and that could not be processed is refused as a dead letter', async () => {
  await within('letter', {}, async ({ get, node }) => {
    const { partition } = (await node.watermarks('transactions'))[0]!;
    const broken = { transactionId: 'x', accountId: '' };
    const record = { topic: 'transactions', partition, timestamp: Date.now(), key: Buffer.from('A') };
    const other = { ...record, partition: 1 };
    const value = Buffer.from(JSON.stringify(broken));
    await node.append([
      { ...record, value },
      { ...other, value },
    ]);
    const refused = { status: 'refused', code: 'DEAD_LETTER', reason: expect.stringContaining('accountId') };
    await node.drain();
    expect((await get('/accounts/A/transactions/x')).body).toMatchObject(refused);
  });
});
