import { describe, expect, it } from 'vitest';
import { MINOR_UNITS_MAX } from '../../../src/serde/money.ts';
import { businessTime } from '../../../topologies/account-ledger/business-time.ts';
import {
  addToDay,
  type DayTotals,
  dayTotalsSerde,
  summaryKey,
  summaryRow,
} from '../../../topologies/account-ledger/daily-summary.ts';
import { toTransactionInput } from '../../../topologies/account-ledger/events.ts';
import { checkForm, type Transaction } from '../../../topologies/account-ledger/rules.ts';

function transaction(change: Record<string, unknown>): Transaction {
  const input = toTransactionInput({
    transactionId: 't',
    accountId: 'A',
    direction: 'credit',
    amount: '1',
    currency: 'EUR',
    occurredAt: '2026-06-15',
    kind: 'posting',
    ...change,
  });
  return checkForm({ key: 'A', input, takenInAt: Date.parse('2026-06-15'), time: businessTime() }) as Transaction;
}

describe('the summary of a day', () => {
  it('counts credits and debits apart', () => {
    const days = [
      transaction({ amount: '10.50' }),
      transaction({ amount: '3', direction: 'debit' }),
      transaction({ amount: '0.05' }),
    ].reduce<DayTotals | undefined>(addToDay, undefined)!;
    expect(days).toEqual({ credits: '1055', debits: '300', count: 3 });
    expect(summaryRow(transaction({}), '2026-06-15', days, 7)).toEqual({
      accountId: 'A',
      day: '2026-06-15',
      currency: 'EUR',
      credits: '10.55',
      debits: '3.00',
      count: 3,
      version: 7,
    });
    expect(summaryKey('A', '2026-06-15', 'EUR')).toBe('A|2026-06-15|EUR');
  });

  it('stays exact beyond 64 bits', () => {
    const most = transaction({ amount: String(MINOR_UNITS_MAX), currency: 'JPY' });
    const days = addToDay(addToDay(addToDay(undefined, most), most), most);
    expect(summaryRow(most, '2026-06-15', days, 3).credits).toBe(String(3n * MINOR_UNITS_MAX));
    expect(dayTotalsSerde.deserialize(dayTotalsSerde.serialize(days))).toEqual(days);
  });

  it.each([
    'null',
    '[]',
    '{}',
    '{"credits":"1","debits":"2"}',
    '{"credits":1,"debits":"2","count":1}',
    '{"credits":"-1","debits":"2","count":1}',
    '{"credits":"1.5","debits":"2","count":1}',
    '{"credits":"1","debits":"2","count":0}',
    '{"credits":"1","debits":"2","count":1.5}',
    '{"credits":"1","debits":"2","count":"1"}',
  ])('is not read out of %s', (text) => {
    expect(() => dayTotalsSerde.deserialize(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'DESERIALIZATION_FAILED' }),
    );
  });
});
