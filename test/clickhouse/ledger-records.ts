import type { GivenRecord } from './record-batches.ts';

/** A transaction as `ledger.transactions` carries it. */
export function ledgerTransaction(fields: Readonly<Record<string, unknown>> = {}): GivenRecord {
  const value = {
    transactionId: 't1',
    accountId: 'a1',
    direction: 'credit',
    amount: '10.00',
    currency: 'EUR',
    occurredAt: '2024-03-01T12:00:00.000Z',
    kind: 'posting',
    sequence: 1,
    balanceAfter: '10.00',
    availableAfter: '10.00',
    isOverdrawn: false,
    postings: [],
    source: { topic: 'transactions', partition: 0, offset: 0 },
    ...fields,
  };
  return { key: String(value.accountId), value };
}
