import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, dataPlace, openApi, payment } from './api-under-test.ts';

const place = dataPlace();
let api: ApiUnderTest;
beforeAll(async () => {
  api = await openApi({ dataDirectory: place.data() });
});
afterAll(async () => {
  await api.close();
  place.remove();
});

const statusOf = (accountId: string, transactionId: string, waitMs = 5_000) =>
  api.get(
    `/accounts/${encodeURIComponent(accountId)}/transactions/${encodeURIComponent(transactionId)}?waitMs=${waitMs}`,
  );

describe('POST /transactions', () => {
  it('takes one in, says where it stands, and where its status is', async () => {
    const { status, body, headers } = await api.post('/transactions', payment('one/ä', 't 1'));
    expect(status).toBe(202);
    expect(body).toEqual({
      index: 0,
      status: 'pending',
      transactionId: 't 1',
      accountId: 'one/ä',
      position: { topic: 'transactions', partition: expect.any(Number), offset: expect.any(Number) },
    });
    const { partition, offset } = body.position;
    const [record] = await api.node.read('transactions', partition, offset);
    expect(JSON.parse(Buffer.from(record!.value!).toString())).toEqual(payment('one/ä', 't 1'));
    expect((await api.get(headers.get('location')!)).status).toBe(200);
  });

  it('judges each item of a batch by itself', async () => {
    const { status, body } = await api.post('/transactions', [
      payment('batch', 'b1'),
      'no object',
      payment('batch', ''),
      { ...payment('batch', 'b2'), accountId: 7 },
      payment('batch', 'b3', { amount: 10.5 }),
      payment('4111111111111111', 'b4'),
      payment('batch', 'b5', { further: 'field' }),
    ]);
    expect(status).toBe(202);
    expect(body.results.map((each: { status: string }) => each.status)).toEqual([
      'pending',
      'refused',
      'refused',
      'refused',
      'pending',
      'refused',
      'pending',
    ]);
    expect(body.results[3].problem).toMatchObject({
      status: 422,
      code: 'TRANSACTION_INVALID',
      detail: expect.stringMatching(/^accountId: /),
    });
    expect(JSON.stringify(body)).not.toContain('4111111111111111');
    expect((await statusOf('batch', 'b5')).body).toMatchObject({ status: 'posted', sequence: 2 });
    // A number as an amount is for the ledger to refuse, as from every other input.
    expect((await statusOf('batch', 'b3')).body).toMatchObject({ status: 'refused', code: 'AMOUNT_NOT_A_TEXT' });
    expect((await statusOf('batch', 'b2', 0)).status).toBe(404);
  });

  it('refuses a batch of which nothing can be taken, with a problem for each', async () => {
    const { status, body, headers } = await api.post('/transactions', [{}, 3]);
    expect(status).toBe(422);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ code: 'NOTHING_TAKEN', results: [{ status: 'refused' }, { status: 'refused' }] });
    expect((await api.post('/transactions', { accountId: 'a' })).body).toMatchObject({
      status: 422,
      code: 'TRANSACTION_INVALID',
    });
  });

  it.each<[string, unknown]>([
    ['no items', []],
    ['more items than the limit', Array.from({ length: 1_001 }, (_, i) => payment('many', `m${i}`))],
    ['a text', '"transaction"'],
    ['null', 'null'],
  ])('refuses a body of %s', async (_what, body) => {
    expect(await api.post('/transactions', body)).toMatchObject({ status: 400, body: { code: 'BODY_INVALID' } });
  });

  it('masks card numbers before anything is kept', async () => {
    const { body } = await api.post(
      '/transactions',
      payment('card', 'c1', { description: 'paid with 4111 1111 1111 1111' }),
    );
    const [record] = await api.node.read('transactions', body.position.partition, body.position.offset);
    expect(Buffer.from(record!.value!).toString()).toContain('**** **** **** 1111');
  });
});

describe('the status of a transaction', () => {
  it('is posted, with sequence and balance, the same from the log and from ClickHouse', async () => {
    const extra = { channel: 'card', counterparty: 'Shop', description: 'ü "quoted"', reference: 'r' };
    await api.post('/transactions', [
      payment('A', 'a1'),
      payment('A', 'a2', { direction: 'debit', amount: '2.50', ...extra }),
    ]);
    const fromLog = await statusOf('A', 'a2');
    expect(fromLog.body).toEqual({
      accountId: 'A',
      transactionId: 'a2',
      status: 'posted',
      sequence: 2,
      direction: 'debit',
      amount: '2.50',
      currency: 'EUR',
      occurredAt: '2026-01-01T00:00:00.000Z',
      kind: 'posting',
      balanceAfter: '7.50',
      availableAfter: '7.50',
      isOverdrawn: false,
      ...extra,
    });
    await api.node.drain();
    expect((await statusOf('A', 'a2', 0)).body).toEqual(fromLog.body);
  });

  it('is refused with the code of the rule; posted later, it is posted, whatever comes again', async () => {
    const debit = payment('R', 'r1', { direction: 'debit', kind: 'request', amount: '15.00' });
    await api.post('/transactions', debit);
    const refused = await statusOf('R', 'r1');
    expect(refused.body).toEqual({
      accountId: 'R',
      transactionId: 'r1',
      status: 'refused',
      code: 'INSUFFICIENT_FUNDS',
      reason: expect.any(String),
    });
    await api.node.drain();
    expect((await statusOf('R', 'r1', 0)).body).toEqual(refused.body);
    await api.post('/transactions', [payment('R', 'r0', { amount: '20.00' }), debit]);
    await api.node.drain();
    expect((await statusOf('R', 'r1')).body).toMatchObject({ status: 'posted', sequence: 2, balanceAfter: '5.00' });
    // A duplicate and a conflict are refused as records; the transaction stays posted.
    await api.post('/transactions', [debit, { ...debit, amount: '1.00' }]);
    await api.node.drain();
    expect((await statusOf('R', 'r1')).body).toMatchObject({ status: 'posted', amount: '15.00' });
  });

  it('is unknown for what nobody sent, and that is said at once', async () => {
    const startedAt = performance.now();
    expect((await statusOf('W', 'w1', 20_000)).body).toMatchObject({ status: 404, code: 'TRANSACTION_UNKNOWN' });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it.each([
    ['a card number in the path', '/accounts/4111111111111111/transactions/t', 'CARD_NUMBER'],
    ['a time to wait that is no number', '/accounts/A/transactions/t?waitMs=soon', 'QUERY_INVALID'],
    ['a time to wait beyond the limit', '/accounts/A/transactions/t?waitMs=30001', 'QUERY_INVALID'],
    ['something unknown in the query', '/accounts/A/transactions/t?wait=1', 'QUERY_INVALID'],
    ['a thing twice in the query', '/accounts/A/transactions/t?waitMs=1&waitMs=2', 'QUERY_INVALID'],
    ['an identifier that is too long', `/accounts/${'a'.repeat(201)}/transactions/t`, 'PATH_INVALID'],
    ['an identifier that is blank', '/accounts/%20/transactions/t', 'PATH_INVALID'],
    ['a path that is not well-formed', '/accounts/%ff/transactions/t', 'PATH_INVALID'],
  ])('is not asked with %s', async (_what, path, code) => {
    const { status, body, headers } = await api.get(path);
    expect({ status, code: body.code }).toEqual({ status: 400, code });
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(JSON.stringify(body)).not.toContain('4111111111111111');
  });
});
