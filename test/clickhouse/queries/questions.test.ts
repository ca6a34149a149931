import {
  balanceAsOf,
  dailySummary,
  failedDispensesByTerminal,
  generalLedgerTotals,
  largestCounterparties,
  lastTransactions,
  monthlySummary,
  statement,
  totalsByCurrencyAndChannel,
  transactionById,
  transactionsByReference,
  velocity,
} from 'headrace/queries';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRows } from '../../../src/clickhouse/clickhouse.ts';
import type { Store } from '../../../src/clickhouse/store.ts';
import { openAt, withDirectory } from '../temporary-store.ts';
import { ACCOUNTS, groupsOf, type ModelTransaction, modelOf, partOf, recordsOf, shown, write } from './ledger-model.ts';

const model = modelOf(3_000);
const TABLES = ['transactions', 'account_daily_summary', 'balances', 'postings', 'transactions_by_id'].map(
  (name) => `headrace.${name}_rows`,
);
const ALL_TIME = { from: '1900-01-01', until: '2299-12-31' };

let store: Store;
let end: () => void;
let ended: Promise<void>;
beforeAll(async () => {
  const opened = new Promise<void>((resolve, reject) => {
    ended = withDirectory(async (path) => {
      store = await openAt(path);
      // Everything stands there twice, and every version of the days and balances.
      for (const table of [...TABLES, 'headrace.transactions_by_reference_rows', 'headrace.failed_dispenses_rows']) {
        await store.clickhouse.command(`SYSTEM STOP MERGES ${table}`);
      }
      const records = recordsOf(model);
      for (const [from, to] of [
        [0, 0.4],
        [0.4, 1],
        [0, 0.6],
        [0.5, 1],
      ] as const) {
        await write(store, partOf(records, from, to));
      }
      const closing = new Promise<void>((close) => {
        end = close;
      });
      resolve();
      await closing;
      await store.close();
    });
    ended.catch(reject);
  });
  await opened;
});
afterAll(async () => {
  end();
  await ended;
});

const of = (accountId: string) => model.filter((each) => each.accountId === accountId);
const signed = ({ direction, minor }: ModelTransaction) => (direction === 'credit' ? minor : -minor);
const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byLedger = (a: ModelTransaction, b: ModelTransaction) => b.sequence - a.sequence;
const byTime = (a: ModelTransaction, b: ModelTransaction) =>
  byCode(a.occurredAt, b.occurredAt) || a.sequence - b.sequence;
const isIn = (from: string, until: string) => (each: ModelTransaction) =>
  each.occurredAt >= from && each.occurredAt < until;

/** Credits, debits and number of some transactions, for each value of a key and currency, in the order of both. */
function sumsOf<K extends object>(some: readonly ModelTransaction[], keyOf: (each: ModelTransaction) => K) {
  const groups = groupsOf(some, (each) => JSON.stringify([Object.values(keyOf(each)), each.currency]));
  return [...groups.values()].map((group) => {
    const [{ currency }] = group as [ModelTransaction];
    const sum = (direction: string) =>
      group.reduce((total, each) => total + (each.direction === direction ? each.minor : 0n), 0n);
    return {
      ...keyOf(group[0]!),
      currency,
      credits: shown(sum('credit'), currency),
      debits: shown(sum('debit'), currency),
      transactionCount: group.length,
    };
  });
}

function ledgerRow(each: ModelTransaction) {
  const { accountId: _, minor, balanceAfter, ...rest } = each;
  return {
    ...rest,
    amount: shown(minor, each.currency),
    balanceAfter: shown(balanceAfter, each.currency),
    availableAfter: shown(balanceAfter, each.currency),
    isOverdrawn: balanceAfter < 0n,
    kind: 'posting',
    description: '',
  };
}

it('is asked while everything stands there twice', async () => {
  const [count] = await readRows<{ base: string; shown: string }>(
    store.clickhouse,
    'SELECT (SELECT count() FROM transactions_rows) AS base, (SELECT count() FROM transactions) AS shown',
  );
  expect(Number(count?.shown)).toBe(model.length);
  expect(Number(count?.base)).toBeGreaterThan(model.length * 2);
});

describe('the last transactions', () => {
  it('of every account are those of the ledger, page by page, through gaps and late entries', async () => {
    for (const account of ACCOUNTS) {
      const expected = of(account).sort(byLedger).map(ledgerRow);
      const found: Awaited<ReturnType<typeof lastTransactions>>[number][] = [];
      for (let pages = 0; pages < 100; pages++) {
        const page = await lastTransactions(store.clickhouse, { account, limit: 61, after: found.at(-1) });
        found.push(...page);
        if (page.length < 61) break;
      }
      expect(found).toEqual(expected);
    }
  });

  it('are ten unless told otherwise, and none of an account that does not exist', async () => {
    const [account] = ACCOUNTS as [string];
    expect(await lastTransactions(store.clickhouse, { account })).toEqual(
      of(account).sort(byLedger).slice(0, 10).map(ledgerRow),
    );
    expect(await lastTransactions(store.clickhouse, { account: "A-1' OR 1=1 --" })).toEqual([]);
  });
});

describe('transactions are found', () => {
  it('by their id, in all accounts or one', async () => {
    const shared = model.filter(({ transactionId }) => transactionId === 't-shared');
    const found = await transactionById(store.clickhouse, { transaction: 't-shared' });
    expect(new Set(shared.map(({ accountId }) => accountId)).size).toBeGreaterThan(1);
    expect(found.map(({ accountId, sequence }) => [accountId, sequence])).toEqual(
      shared
        .map(({ accountId, sequence }) => [accountId, sequence] as const)
        .sort((a, b) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])) || a[1] - b[1]),
    );
    const [one] = shared as [ModelTransaction];
    const ofAccount = await transactionById(store.clickhouse, { transaction: 't-shared', account: one.accountId });
    expect(ofAccount).toEqual(
      shared
        .filter(({ accountId }) => accountId === one.accountId)
        .map((each) => ({
          accountId: each.accountId,
          ...ledgerRow(each),
          sourceTopic: 'transactions',
          sourcePartition: 0,
          sourceOffset: model.indexOf(each),
        })),
    );
    expect(await transactionById(store.clickhouse, { transaction: 'none' })).toEqual([]);
  });

  it('by their reference, newest first, page by page', async () => {
    const reference = "ref 3'";
    const expected = model
      .filter((each) => each.reference === reference)
      .sort(
        (a, b) =>
          byCode(b.occurredAt, a.occurredAt) ||
          Buffer.compare(Buffer.from(b.accountId), Buffer.from(a.accountId)) ||
          b.sequence - a.sequence,
      )
      .map((each) => [each.accountId, each.sequence]);
    const found: Awaited<ReturnType<typeof transactionsByReference>>[number][] = [];
    for (let pages = 0; pages < 50; pages++) {
      const page = await transactionsByReference(store.clickhouse, { reference, limit: 20, after: found.at(-1) });
      found.push(...page);
      if (page.length < 20) break;
    }
    expect(expected.length).toBeGreaterThan(60);
    expect(found.map(({ accountId, sequence }) => [accountId, sequence])).toEqual(expected);
    expect(await transactionsByReference(store.clickhouse, { reference: '' })).toEqual([]);
  });
});

describe('summaries', () => {
  it('of days and months are the sums of their transactions, the last version of each day', async () => {
    for (const account of ACCOUNTS) {
      const days = sumsOf(of(account), ({ occurredAt }) => ({ day: occurredAt.slice(0, 10) }));
      days.sort((a, b) => byCode(a.day, b.day) || byCode(a.currency, b.currency));
      expect(await dailySummary(store.clickhouse, { account, ...ALL_TIME })).toEqual(days);
      const months = sumsOf(of(account), ({ occurredAt }) => ({ month: occurredAt.slice(0, 7) }));
      months.sort((a, b) => byCode(a.month, b.month) || byCode(a.currency, b.currency));
      const activeDays = (month: string, currency: string) =>
        days.filter((each) => each.day.startsWith(month) && each.currency === currency).length;
      expect(await monthlySummary(store.clickhouse, { account, ...ALL_TIME })).toEqual(
        months.map((each) => ({ ...each, activeDays: activeDays(each.month, each.currency) })),
      );
    }
  });

  it('end before the day that is named last', async () => {
    const days = async (from: string, until: string) =>
      (await dailySummary(store.clickhouse, { account: 'quiet', from, until })).map(({ day }) => day);
    expect(await days('1999-12-31', '2000-01-01')).toEqual(['1999-12-31']);
    expect(await days('2000-01-01', '2000-02-29')).toEqual(['2000-01-01']);
    expect(await days('2000-01-02', '2000-02-29')).toEqual([]);
    const from = new Date('2000-02-01T00:00:00Z');
    expect(await monthlySummary(store.clickhouse, { account: 'quiet', from, until: '2000-03-01' })).toEqual([
      {
        month: '2000-02',
        currency: 'EUR',
        credits: '30000000000000000.0000',
        debits: '0.0000',
        transactionCount: 1,
        activeDays: 1,
      },
    ]);
  });
});

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
