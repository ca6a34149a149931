import { describe, expect, it } from 'vitest';
import { protectTransaction } from '../../src/privacy/protect-transaction.ts';

const CARD = '4111111111111111';

describe('protectTransaction', () => {
  it.each(['transactionId', 'accountId'])('refuses a card number in %s', (name) => {
    expect(protectTransaction({ transactionId: 't', accountId: 'a', [name]: `x-${CARD}` })).toEqual({
      refusal: expect.stringContaining(name),
    });
  });

  it.each([CARD, Number(CARD)])('refuses the amount %j, which masked would be none', (amount) => {
    expect(protectTransaction({ transactionId: 't', accountId: 'a', amount })).toEqual({
      refusal: 'amount holds what looks like a card number; card numbers must not come in',
    });
  });

  it.each([
    [`${CARD}.00`, 'EUR'],
    [CARD, 'JPY'],
    ['461168601842738.7904', 'CLF'],
  ])('leaves the amount %s %s as it is: it is money to the last digit', (amount, currency) => {
    const result = protectTransaction({ transactionId: 't', accountId: 'a', amount, currency });
    expect(result).toMatchObject({ fields: { amount, currency } });
  });

  it('masks texts at any depth, numbers and names', () => {
    const fields = {
      description: `card ${CARD}`,
      reference: { a: [{ b: CARD }], [CARD]: Number(CARD) },
      amount: '1.00',
    };
    const result = protectTransaction(fields);
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      fields: {
        description: 'card ************1111',
        reference: { a: [{ b: '************1111' }], '************1111': '************1111' },
        amount: '1.00',
      },
    });
    expect(fields.description).toContain(CARD);
  });

  it.each(['cvv', 'CVC2', 'pin', 'track', 'track2', 'card_cvv', 'trackData'])('makes stars of a field %s', (name) => {
    const result = protectTransaction({ [name]: '123', inner: { [name]: { a: 1 } }, other: null });
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      fields: { [name]: '***', inner: { [name]: '***' }, other: null },
    });
  });

  it('keeps other values as they are', () => {
    const fields = { amount: 12.5, flag: true, nothing: null, list: [1, 'a'], pinned: 'yes' };
    expect(JSON.parse(JSON.stringify(protectTransaction(fields)))).toEqual({ fields });
  });

  it('takes __proto__ for a field like any other', () => {
    const fields = JSON.parse(`{"description":{"__proto__":{"polluted":"${CARD}"}}}`);
    const result = protectTransaction(fields);
    expect(JSON.stringify(result)).toBe('{"fields":{"description":{"__proto__":{"polluted":"************1111"}}}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('refuses a field nested too deep', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(protectTransaction({ description: deep })).toEqual({ refusal: expect.stringContaining('32 levels') });
  });
});
