import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requireConsistency } from '../../../src/app/formats/consistency.ts';
import { topicFormats } from '../../../src/app/formats/topic-formats.ts';
import { formatMinorUnits, MINOR_UNITS_MAX } from '../../../src/serde/money.ts';
import { registry, schemas, TRANSACTION } from '../../serde/avro/topics.ts';

const { valueSerde, decodeValue } = topicFormats({ format: 'avro', registry, schemas });
const LEG = { ledgerAccount: 'customer:a-1', direction: 'credit', amount: '1100.00', currency: 'EUR' };
const ACCEPTED = {
  ...TRANSACTION,
  sequence: 1,
  balanceAfter: '1100.00',
  availableAfter: '1050.00',
  isOverdrawn: false,
  postings: [LEG, { ...LEG, ledgerAccount: 'cash:atm', direction: 'debit' }],
  source: { topic: 'transactions', partition: 0, offset: 1 },
};
const BALANCE = { currency: 'EUR', booked: '98765.43', held: '50.00', available: '98715.43' };
const BALANCES = {
  accountId: 'a-1',
  sequence: 1,
  version: 2,
  balances: [BALANCE],
  occurredAt: '2026-01-31T12:00:00.000Z',
};

describe('a value of the ledger', () => {
  it('that holds together is read', () => {
    for (const [topic, value] of [
      ['ledger.transactions', ACCEPTED],
      ['balances', BALANCES],
    ] as const) {
      expect(decodeValue(topic, valueSerde<object>(topic).serialize(value))).toEqual(value);
    }
  });

  it.each<readonly [string, object, RegExp]>([
    ['balances', { ...BALANCES, balances: [{ ...BALANCE, booked: '98765.44' }] }, /booked less held/],
    ['ledger.transactions', { ...ACCEPTED, amount: '1100.01' }, /another amount/],
    ['ledger.transactions', { ...ACCEPTED, currency: 'USD' }, /another amount/],
    ['ledger.transactions', { ...ACCEPTED, direction: 'debit' }, /sum to zero/],
    ['ledger.transactions', { ...ACCEPTED, postings: [LEG, LEG] }, /sum to zero/],
    ['ledger.transactions', { ...ACCEPTED, postings: [] }, /sum to zero/],
    ['ledger.transactions', { ...ACCEPTED, balanceAfter: '-1100.00' }, /isOverdrawn/],
    ['ledger.transactions', { ...ACCEPTED, availableAfter: '1100.01' }, /more is available/],
  ])('of %s that contradicts itself is not', (topic, value, message) => {
    expect(() => decodeValue(topic, valueSerde<object>(topic).serialize(value))).toThrow(message);
  });

  it('whose amounts have any one bit flipped is never read', () => {
    const amount = fc.bigInt({ min: 0n, max: MINOR_UNITS_MAX / 2n });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.constantFrom('booked', 'held', 'available'),
        fc.nat(62),
        (booked, held, field, bit) => {
          const minor = { booked, held, available: booked - held };
          const damaged = { ...minor, [field]: minor[field as keyof typeof minor] ^ (1n << BigInt(bit)) };
          const texts = Object.entries(damaged).map(([name, value]) => [name, formatMinorUnits(value, 2)]);
          const value = { balances: [{ currency: 'EUR', ...Object.fromEntries(texts) }] };
          expect(() => requireConsistency('balances', value)).toThrow(/booked less held/);
        },
      ),
    );
  });
});
