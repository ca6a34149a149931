import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINOR_UNITS_MAX, parseMinorUnits } from '../../../src/serde/money.ts';
import { type AccountState, NEW_ACCOUNT } from '../../../topologies/account-ledger/account-state.ts';
import { post } from '../../../topologies/account-ledger/post.ts';
import type { Transaction } from '../../../topologies/account-ledger/rules.ts';

const source = { topic: 'transactions', partition: 3, offset: 9 };
const debit: Transaction = {
  transactionId: 't1',
  accountId: 'A',
  direction: 'debit',
  minor: 1_050n,
  currency: 'EUR',
  exponent: 2,
  occurredAt: Date.parse('2026-06-15T11:00:00Z'),
  kind: 'posting',
  optional: {},
  content: '',
};

describe('posting', () => {
  it.each([
    [undefined, 'clearing:general'],
    ['', 'clearing:general'],
    ['atm', 'cash:atm'],
    ['branch', 'cash:branch'],
    ['card', 'clearing:card'],
    ['ATM', 'clearing:ATM'],
  ])('books against the account of the channel: %j against %s', (channel, ledgerAccount) => {
    const { postings } = post(NEW_ACCOUNT, { ...debit, optional: channel === undefined ? {} : { channel } }, source);
    expect(postings.map((leg) => [leg.leg, leg.ledgerAccount, leg.direction, leg.amount])).toEqual([
      [0, 'customer:A', 'debit', '10.50'],
      [1, ledgerAccount, 'credit', '10.50'],
    ]);
  });

  it('tells an overdraft, and what a hold leaves available', () => {
    const account: AccountState = {
      sequence: 4,
      version: 4,
      balances: new Map([['EUR', { booked: 1_050n, held: 200n }]]),
    };
    expect(post(account, debit, source).transaction).toMatchObject({
      sequence: 5,
      balanceAfter: '0.00',
      availableAfter: '-2.00',
      isOverdrawn: false,
      source,
    });
    expect(post(account, { ...debit, minor: 1_051n }, source).transaction).toMatchObject({
      balanceAfter: '-0.01',
      isOverdrawn: true,
    });
  });

  it('keeps the other currencies, and leaves the state before as it was', () => {
    const account: AccountState = { sequence: 1, version: 1, balances: new Map([['JPY', { booked: 70n, held: 0n }]]) };
    const posted = post(account, debit, source);
    expect(posted.balances.balances).toEqual([
      { currency: 'JPY', booked: '70', held: '0', available: '70' },
      { currency: 'EUR', booked: '-10.50', held: '0.00', available: '-10.50' },
    ]);
    expect(account).toEqual({ sequence: 1, version: 1, balances: new Map([['JPY', { booked: 70n, held: 0n }]]) });
  });

  it('moves the balance by the amount, to the last digit, and its legs sum to zero', () => {
    const booked = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
    const minor = fc.bigInt({ min: 1n, max: MINOR_UNITS_MAX - 2n ** 62n });
    fc.assert(
      fc.property(booked, minor, fc.constantFrom('credit' as const, 'debit' as const), (before, amount, direction) => {
        const account: AccountState = {
          sequence: 8,
          version: 8,
          balances: new Map([['EUR', { booked: before, held: 0n }]]),
        };
        const posted = post(account, { ...debit, minor: amount, direction }, source);
        const after = direction === 'credit' ? before + amount : before - amount;
        expect(parseMinorUnits(posted.transaction.balanceAfter, 2)).toBe(after);
        expect(posted.account).toEqual({
          sequence: 9,
          version: 9,
          balances: new Map([['EUR', { booked: after, held: 0n }]]),
        });
        const legs = posted.postings.map((leg) => {
          const units = parseMinorUnits(leg.amount, 2) as bigint;
          return leg.direction === 'credit' ? units : -units;
        });
        expect(legs.reduce((sum, leg) => sum + leg, 0n)).toBe(0n);
        expect(posted.transaction.postings).toEqual(
          posted.postings.map(({ ledgerAccount, direction: side, amount: text, currency }) => ({
            ledgerAccount,
            direction: side,
            amount: text,
            currency,
          })),
        );
      }),
    );
  });
});
