import {
  dailySummary,
  lastTransactions,
  monthlySummary,
  transactionById,
  transactionsByReference,
} from 'headrace/queries';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRows } from '../../../src/clickhouse/clickhouse.ts';
import { ask, askRows, type QueryReader } from '../../../src/clickhouse/queries/ask.ts';
import { namedQueries } from '../../../src/clickhouse/queries/registry.ts';
import type { Store } from '../../../src/clickhouse/store.ts';
import { ALL_TIME, byCode, byLedger, model, of, openFilledStore, sumsOf } from './filled-store.ts';
import { ACCOUNTS, type ModelTransaction, shown } from './ledger-model.ts';

let store: Store;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ store, close } = await openFilledStore());
});
afterAll(() => close());

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

it('a page in any format stays whole while balances come in before their transactions', async () => {
  const account = ACCOUNTS[0]!;
  const asked: (string | undefined)[] = [];
  const ahead: QueryReader = {
    read: async function* (sql, options) {
      // Between the look whether the page is whole and its output the account goes on, its balances first.
      asked.push(options?.parameters?.dense as string | undefined);
      if (options?.format === 'TSV')
        await store.clickhouse.command(
          `INSERT INTO headrace.balances_rows SELECT * REPLACE (sequence + 500 AS sequence, version + 500 AS version) FROM headrace.balances_rows FINAL WHERE account_id = 'A-1'`,
        );
      yield* store.clickhouse.read(sql, options);
    },
  };
  const chunks: Uint8Array[] = [];
  const question = { name: 'last-transactions', parameters: { account, limit: 7 } };
  for await (const chunk of ask(ahead, question, { format: 'TSV' })) chunks.push(chunk);
  const sequences = Buffer.concat(chunks)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split('\t')[0]));
  expect(asked.at(-1)).toBe('1');
  const due = [...of(account)].sort(byLedger).slice(0, 7);
  expect(sequences).toEqual(due.map(({ sequence }) => sequence));
  // Months that are given say nothing about gaps: what is there comes.
  const within = await ask(store.clickhouse, {
    name: 'last-transactions',
    parameters: { account, limit: 7, months: 1_200 },
  });
  const found: Uint8Array[] = [];
  for await (const chunk of within) found.push(chunk);
  expect(Buffer.concat(found).toString().trimEnd().split('\n')).toHaveLength(7);
});

it('reads rows whose texts hold line ends and commas', async () => {
  const rows = ['a\nb', ',', '{"a":1},\n'].map((description) => ({ reference: 'r', description }));
  const lines = rows.map((row) => JSON.stringify(row));
  const reader: QueryReader = {
    read: async function* () {
      yield Buffer.from(`${lines.join('\n')}\n`);
    },
  };
  expect(await askRows(reader, { name: 'transactions-by-reference', parameters: { reference: 'r' } })).toEqual(rows);
});

it('says of questions with bounded answers that they are small, and gives those about days one thread', async () => {
  const small = new Set<string>();
  const ofOneThread = new Set<string>();
  const reader: QueryReader = {
    read: async function* (_sql, options) {
      if (options?.isSmall === true) small.add(asked);
      if (options?.settings?.max_threads === 1) ofOneThread.add(asked);
      yield Buffer.from('');
    },
  };
  let asked = '';
  for (const { name, parameters } of namedQueries()) {
    asked = name;
    const texts = parameters.map((each) => [each.name, each.preset ?? (/Date/.test(each.type) ? '2024-01-01' : 'x')]);
    for await (const _chunk of ask(reader, { name, parameters: Object.fromEntries(texts) }));
  }
  expect([...small]).toEqual([
    'balance-as-of',
    'daily-summary',
    'largest-counterparties',
    'last-transactions',
    'monthly-summary',
    'transaction-by-id',
    'transactions-by-reference',
    'velocity',
  ]);
  expect([...ofOneThread]).toEqual(['daily-summary', 'monthly-summary']);
});
