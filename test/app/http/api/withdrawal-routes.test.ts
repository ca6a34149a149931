import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, dataPlace, openApi, payment } from './api-under-test.ts';

const place = dataPlace();
let api: ApiUnderTest;
beforeAll(async () => {
  api = await openApi({ dataDirectory: place.data() });
  await api.post('/transactions', payment('A', 'salary', { amount: '1000.00' }));
  await api.node.drain();
});
afterAll(async () => {
  await api.close();
  place.remove();
});

const asked = (withdrawalId: string, change: Record<string, unknown> = {}) => ({
  withdrawalId,
  accountId: 'A',
  terminalId: 'T',
  amount: '50.00',
  currency: 'EUR',
  requestedAt: '2026-01-01T00:00:00Z',
  ...change,
});
const said = (change: Record<string, unknown> = {}) => ({
  terminalId: 'T',
  status: 'SUCCESS',
  occurredAt: '2026-01-01T00:01:00Z',
  ...change,
});
const withdrawal = async (id: string, waitMs = 10_000) => (await api.get(`/withdrawals/${id}?waitMs=${waitMs}`)).body;
const dispense = (id: string, body: unknown) => api.post(`/withdrawals/${id}/dispense`, body);

describe('a withdrawal over HTTP', () => {
  it('is authorised, held, and posted when the cash came out', async () => {
    const taken = await api.post('/withdrawals', asked('w1'));
    expect(taken).toMatchObject({
      status: 202,
      body: { withdrawalId: 'w1', status: 'pending', position: { topic: 'atm.withdrawals' } },
    });
    expect(taken.headers.get('location')).toBe('/withdrawals/w1');
    expect(await withdrawal('w1')).toMatchObject({ state: 'AUTHORISED', amount: '50.00', taken: '0.00' });
    expect((await api.get('/accounts/A/balance')).body.balances).toMatchObject([
      { held: '50.00', available: '950.00' },
    ]);
    expect((await dispense('w1', said())).status).toBe(202);
    await api.node.drain();
    expect(await withdrawal('w1')).toMatchObject({ state: 'DISPENSED', taken: '50.00' });
    expect((await api.get('/accounts/A/balance')).body.balances).toMatchObject([{ booked: '950.00', held: '0.00' }]);
    expect((await api.get('/accounts/A/transactions/withdrawal:w1')).body).toMatchObject({
      status: 'posted',
      amount: '50.00',
    });
  });

  it('takes results that come twice and before the withdrawal', async () => {
    await dispense('w2', said());
    expect((await api.get('/withdrawals/w2')).status).toBe(404);
    await dispense('w2', said());
    await api.post('/withdrawals', asked('w2'));
    await api.node.drain();
    const { state, history } = await withdrawal('w2');
    expect(state).toBe('DISPENSED');
    expect(history.filter(({ event }: { event: string }) => event === 'success')).toHaveLength(1);
  });

  it('is refused by the ledger where funds are short', async () => {
    await api.post('/withdrawals', asked('w3', { amount: '99999.00' }));
    expect(await withdrawal('w3')).toMatchObject({ state: 'REFUSED', code: 'INSUFFICIENT_FUNDS' });
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['no amount', { amount: undefined }, 400, 'BODY_INVALID'],
    ['an amount as a number', { amount: 50 }, 400, 'BODY_INVALID'],
    ['an amount of nothing', { amount: '0.00' }, 422, 'AMOUNT_INVALID'],
    ['a negative amount', { amount: '-5.00' }, 422, 'AMOUNT_INVALID'],
    ['decimals the currency does not have', { amount: '5.001' }, 422, 'AMOUNT_INVALID'],
    ['no currency of ISO 4217', { currency: 'XYZ' }, 422, 'CURRENCY_UNKNOWN'],
    ['a time without a zone', { requestedAt: '2026-01-01T00:00:00' }, 422, 'TIME_INVALID'],
    ['a card number', { reference: '4111 1111 1111 1111' }, 422, 'CARD_NUMBER'],
    ['a field that nobody knows', { pin: '1234' }, 400, 'BODY_INVALID'],
  ])('is refused at once with %s', async (_what, change, status, code) => {
    const answer = await api.post('/withdrawals', asked('bad', change));
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.text).not.toContain('4111');
    expect((await api.get('/withdrawals/bad')).status).toBe(404);
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['negative notes', { notes: [{ denomination: '50.00', count: -1 }] }, 400, 'BODY_INVALID'],
    ['no status of a terminal', { status: 'MAYBE' }, 400, 'BODY_INVALID'],
    ['a part without what was taken', { status: 'PARTIAL' }, 422, 'TAKEN_INVALID'],
    ['a card number as what was taken', { taken: '4111111111111111' }, 422, 'CARD_NUMBER'],
    [
      'a card number as a denomination',
      { notes: [{ denomination: '4111111111111111', count: 1 }] },
      422,
      'CARD_NUMBER',
    ],
  ])('has a result refused at once with %s', async (_what, change, status, code) => {
    const answer = await dispense('w1', said(change));
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.text).not.toContain('4111');
  });

  it.each<[string, Record<string, unknown>]>([
    ['larger than asked', { status: 'PARTIAL', taken: '70.00' }],
    ['in another currency', { currency: 'USD' }],
    ['from another terminal', { terminalId: 'T2' }],
  ])('takes a result %s, as evidence for a case', async (what, change) => {
    const id = what.replaceAll(' ', '-');
    await api.post('/withdrawals', asked(id));
    await withdrawal(id);
    expect((await dispense(id, said(change))).status).toBe(202);
    await api.node.drain();
    expect((await api.get(`/cases/case:${id}`)).body).toMatchObject({ kind: 'contradiction', status: 'open' });
  });

  it('is done once under its key', async () => {
    const key = { 'idempotency-key': 'w9' };
    const first = await api.post('/withdrawals', asked('w9'), key);
    expect((await api.post('/withdrawals', asked('w9'), key)).text).toBe(first.text);
    expect((await api.post('/withdrawals', asked('w10'), key)).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });
});
