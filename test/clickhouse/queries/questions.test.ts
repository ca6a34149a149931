import {
  balanceAsOf,
  failedDispensesByTerminal,
  generalLedgerTotals,
  largestCounterparties,
  statement,
  totalsByCurrencyAndChannel,
  velocity,
} from 'headrace/queries';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/clickhouse/store.ts';
import { byCode, byLedger, byTime, isIn, model, of, openFilledStore, signed, sumsOf } from './filled-store.ts';
import { ACCOUNTS, groupsOf, shown, write } from './ledger-model.ts';

let store: Store;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ store, close } = await openFilledStore());
});
afterAll(() => close());

describe('the balance as of a moment', () => {
  it('is the sum of what had occurred, and what the last of it left in the ledger', async () => {
    for (const account of ACCOUNTS) {
      const times = of(account).map(({ occurredAt }) => occurredAt);
      const moments = [
        times[0]!,
        times[Math.floor(times.length / 2)]!,
        times.at(-1)!,
        '1999-12-31T23:59:59.998Z',
        '1960-01-01',
      ];
      for (const moment of moments) {
        const until = of(account).filter(({ occurredAt }) => occurredAt <= moment);
        const groups = [...groupsOf(until, ({ currency }) => currency)].sort(([a], [b]) => byCode(a, b));
        expect(await balanceAsOf(store.clickhouse, { account, moment })).toEqual(
          groups.map(([currency, group]) => {
            const last = group.toSorted(byLedger)[0]!;
            return {
              currency,
              balance: shown(
                group.reduce((sum, each) => sum + signed(each), 0n),
                currency,
              ),
              balanceAfter: shown(last.balanceAfter, currency),
              lastSequence: last.sequence,
              lastOccurredAt: group.toSorted(byTime).at(-1)!.occurredAt,
              transactionCount: group.length,
            };
          }),
        );
      }
    }
  });

  it('is exact where four decimals leave 64 bits', async () => {
    const [balance] = await balanceAsOf(store.clickhouse, { account: 'quiet', moment: '2100-01-01' });
    expect(balance?.balance).toBe('90000000000000000.0000');
  });
});

describe('a statement', () => {
  it('leads from its opening to its closing balance, line by line', async () => {
    const [account] = ACCOUNTS as [string];
    const times = of(account)
      .map(({ occurredAt }) => occurredAt)
      .sort();
    const [from, until] = [times[300]!, times[600]!];
    const found = await statement(store.clickhouse, { account, from, until });
    const currencies = [
      ...new Set(
        of(account)
          .filter((each) => each.occurredAt < until)
          .map(({ currency }) => currency),
      ),
    ];
    expect(found.map(({ currency }) => currency)).toEqual(currencies.sort(byCode));
    for (const { currency, opening, lines, closing } of found) {
      const ours = of(account).filter((each) => each.currency === currency);
      let balance = ours.filter((each) => each.occurredAt < from).reduce((sum, each) => sum + signed(each), 0n);
      expect(opening).toBe(shown(balance, currency));
      const expected = ours.filter(isIn(from, until)).sort(byTime);
      expect(lines).toEqual(
        expected.map((each) => {
          balance += signed(each);
          const { occurredAt, sequence, transactionId, channel, counterparty, reference } = each;
          return {
            occurredAt,
            sequence,
            transactionId,
            amount: shown(signed(each), currency),
            balance: shown(balance, currency),
            channel,
            counterparty,
            description: '',
            reference,
          };
        }),
      );
      expect(closing).toBe(shown(balance, currency));
    }
  });

  it('of a period without transactions has two ends, and of an account without any no currency', async () => {
    const empty = { account: 'quiet', from: '2010-01-01', until: '2010-02-01' };
    const balance = '90000000000000000.0000';
    expect(await statement(store.clickhouse, empty)).toEqual([
      { currency: 'EUR', opening: balance, lines: [], closing: balance },
    ]);
    expect(await statement(store.clickhouse, { ...empty, from: '1990-01-01', until: '1999-01-01' })).toEqual([]);
    const turn = await statement(store.clickhouse, {
      account: 'quiet',
      from: '2000-01-01',
      until: '2000-02-29T12:00:00Z',
    });
    expect(turn.map(({ opening, lines, closing }) => [opening, lines.length, closing])).toEqual([
      ['30000000000000000.0000', 1, '60000000000000000.0000'],
    ]);
  });
});

describe('totals', () => {
  const [from, until] = ['1970-01-01T00:00:00.000Z', '1971-03-05T06:00:00.000Z'];
  const within = model.filter(isIn(from, until));

  it('name the largest counterparties in each currency', async () => {
    const account = ACCOUNTS[1]!;
    const some = within.filter((each) => each.accountId === account && each.counterparty !== '');
    const rows = sumsOf(some, ({ counterparty }) => ({ counterparty })).map((row) => {
      const group = some.filter((each) => each.counterparty === row.counterparty && each.currency === row.currency);
      return { ...row, minor: group.reduce((sum, { minor }) => sum + minor, 0n) };
    });
    rows.sort(
      (a, b) => byCode(a.currency, b.currency) || Number(b.minor - a.minor) || byCode(a.counterparty, b.counterparty),
    );
    const expected = rows
      .map(({ minor, ...row }) => ({ ...row, moved: shown(minor, row.currency) }))
      .filter((row, _, all) => all.filter((each) => each.currency === row.currency).indexOf(row) < 4);
    expect(expected.length).toBeGreaterThan(8);
    expect(await largestCounterparties(store.clickhouse, { account, from, until, limit: 4 })).toEqual(expected);
  });

  it('of each currency and channel are those of the period', async () => {
    const rows = sumsOf(within, ({ channel }) => ({ channel }));
    rows.sort((a, b) => byCode(a.currency, b.currency) || byCode(a.channel, b.channel));
    expect(await totalsByCurrencyAndChannel(store.clickhouse, { from, until })).toEqual(rows);
    expect(await totalsByCurrencyAndChannel(store.clickhouse, { from: '1910-01-01', until: '1911-01-01' })).toEqual([]);
    const day = { from: '2000-01-01', until: '2000-01-02' };
    expect(await totalsByCurrencyAndChannel(store.clickhouse, day)).toEqual([
      { currency: 'EUR', channel: 'card', credits: '120000000000000000.0000', debits: '0.0000', transactionCount: 2 },
    ]);
  });

  it('of the general ledger are equal on both sides', async () => {
    const days = await generalLedgerTotals(store.clickhouse, { from: '1970-01-01', until: '1971-03-05' });
    const some = model.filter(isIn('1970-01-01', '1971-03-05'));
    const customers = sumsOf(some, ({ occurredAt }) => ({ day: occurredAt.slice(0, 10) }));
    customers.sort((a, b) => byCode(a.day, b.day) || byCode(a.currency, b.currency));
    const shownDays = days.filter(({ ledgerAccount }) => ledgerAccount === 'customer');
    expect(
      shownDays.map(({ day, currency, credits, debits, postingCount }) => [
        day,
        currency,
        credits,
        debits,
        postingCount,
      ]),
    ).toEqual(
      customers.map(({ day, currency, credits, debits, transactionCount }) => [
        day,
        currency,
        credits,
        debits,
        transactionCount,
      ]),
    );
    const units = (text: string) => BigInt(text.replace('.', ''));
    for (const [, group] of groupsOf(days, ({ day, currency }) => `${day} ${currency}`)) {
      expect(group.reduce((sum, { balance }) => sum + units(balance), 0n)).toBe(0n);
    }
    expect(new Set(days.map(({ ledgerAccount }) => ledgerAccount))).toEqual(
      new Set(['customer', 'clearing:', 'clearing:atm', 'clearing:card']),
    );
  });
});

describe('velocity', () => {
  it('counts the windows that end with the moment, their first instant left out', async () => {
    for (const each of model.filter((_, index) => index % 211 === 0)) {
      const at = Date.parse(each.occurredAt);
      for (const moment of [at, at + 3_600_000, at + 86_400_000 - 1, at + 7 * 86_400_000]) {
        const expected = [1, 24, 168].flatMap((hours) => {
          const some = of(each.accountId).filter(({ occurredAt }) => {
            const time = Date.parse(occurredAt);
            return time <= moment && time > moment - hours * 3_600_000;
          });
          return sumsOf(some, () => ({ hours })).sort((a, b) => byCode(a.currency, b.currency));
        });
        expect(await velocity(store.clickhouse, { account: each.accountId, moment: new Date(moment) })).toEqual(
          expected,
        );
      }
    }
  });
});

describe('failed dispenses', () => {
  it('are counted for each terminal, those with most first', async () => {
    const failure = (terminalId: string, number: number, outcome: string, fields: object = {}) => ({
      value: {
        terminalId,
        withdrawalId: `w-${number}`,
        number: 1,
        accountId: 'A-1',
        outcome,
        amount: '50.00',
        taken: '0.00',
        currency: 'EUR',
        isPosted: false,
        occurredAt: '2024-03-01T10:00:00.000Z',
        ...fields,
      },
    });
    const failed = [
      failure('T-1', 1, 'PARTIAL', { taken: '20.00' }),
      failure("T'2", 2, 'NOT_DISPENSED', { occurredAt: '2024-02-29T23:59:59.999Z' }),
      failure("T'2", 3, 'NOT_DISPENSED'),
      failure("T'2", 4, 'UNKNOWN', { currency: 'JPY', amount: '5000', taken: '0' }),
      failure("T'2", 5, 'UNKNOWN', { occurredAt: '2024-04-01T00:00:00.000Z' }),
    ];
    for (let times = 0; times < 2; times++) await write(store, { 'atm.dispense.failed': failed });
    const period = { from: '2024-02-01', until: '2024-04-01' };
    const at = '2024-03-01T10:00:00.000Z';
    const second = [
      {
        terminalId: "T'2",
        outcome: 'NOT_DISPENSED',
        currency: 'EUR',
        failures: 2,
        amount: '100.0000',
        taken: '0.0000',
        lastOccurredAt: at,
        terminalFailures: 3,
      },
      {
        terminalId: "T'2",
        outcome: 'UNKNOWN',
        currency: 'JPY',
        failures: 1,
        amount: '5000.0000',
        taken: '0.0000',
        lastOccurredAt: at,
        terminalFailures: 3,
      },
    ];
    expect(await failedDispensesByTerminal(store.clickhouse, { ...period, terminal: "T'2" })).toEqual(second);
    expect(await failedDispensesByTerminal(store.clickhouse, period)).toEqual([
      ...second,
      {
        terminalId: 'T-1',
        outcome: 'PARTIAL',
        currency: 'EUR',
        failures: 1,
        amount: '50.0000',
        taken: '20.0000',
        lastOccurredAt: at,
        terminalFailures: 1,
      },
    ]);
  });
});
