import { describe, expect, it } from 'vitest';
import {
  IDENTIFIER_LENGTH_MAX,
  toAccountSettings,
  toTransactionInput,
} from '../../../topologies/account-ledger/events.ts';

const unreadable = expect.objectContaining({ code: 'DESERIALIZATION_FAILED' });

describe('a transaction as it is read', () => {
  it('keeps every field as it came, once it can be attributed', () => {
    const fields = { transactionId: 't'.repeat(IDENTIFIER_LENGTH_MAX), accountId: 'A', amount: 5, more: { a: null } };
    expect(toTransactionInput(fields)).toEqual(fields);
  });

  it.each([
    'null',
    '5',
    '"text"',
    '[]',
    '{}',
    '{"transactionId":"t"}',
    '{"accountId":"A"}',
    '{"transactionId":"","accountId":"A"}',
    '{"transactionId":5,"accountId":"A"}',
    '{"transactionId":null,"accountId":"A"}',
    '{"transactionId":["t"],"accountId":"A"}',
    '{"__proto__":{"transactionId":"t","accountId":"A"}}',
    `{"transactionId":"${'t'.repeat(IDENTIFIER_LENGTH_MAX + 1)}","accountId":"A"}`,
  ])('is refused as %.60s', (text) => {
    expect(() => toTransactionInput(JSON.parse(text))).toThrow(unreadable);
  });
});

describe('the settings of an account as they are read', () => {
  it('hold a status and, where there are some, limits by currency', () => {
    expect(toAccountSettings({ accountId: 'A', status: 'closed', more: 1 })).toEqual({
      accountId: 'A',
      status: 'closed',
    });
    const settings = { accountId: 'A', status: 'open', overdraftLimits: { EUR: '500.00' } };
    expect(toAccountSettings(settings)).toEqual(settings);
  });

  it('take __proto__ for a currency like any other', () => {
    const { overdraftLimits } = toAccountSettings(
      JSON.parse('{"accountId":"A","status":"open","overdraftLimits":{"__proto__":"5.00"}}'),
    );
    expect(Object.keys(overdraftLimits!)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(overdraftLimits)).toBe(Object.prototype);
  });

  it.each([
    'null',
    '[]',
    '{}',
    '{"accountId":"A"}',
    '{"status":"open"}',
    '{"accountId":"","status":"open"}',
    '{"accountId":"A","status":"frozen"}',
    '{"accountId":"A","status":"open","overdraftLimits":5}',
    '{"accountId":"A","status":"open","overdraftLimits":null}',
    '{"accountId":"A","status":"open","overdraftLimits":["5.00"]}',
    '{"accountId":"A","status":"open","overdraftLimits":{"EUR":500}}',
  ])('are refused as %s', (text) => {
    expect(() => toAccountSettings(JSON.parse(text))).toThrow(unreadable);
  });
});
