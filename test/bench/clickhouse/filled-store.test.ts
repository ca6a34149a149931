import { describe, expect, it } from 'vitest';
import { accountsOf, filledAccountId, MONTHS, ROWS_A_MONTH } from '../../../bench/clickhouse/filled-rows.ts';
import { fill, openFilled } from '../../../bench/clickhouse/filled-store.ts';
import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';
import { withDirectory, withStore } from '../../clickhouse/temporary-store.ts';

const ROWS = 10_000;
const ACCOUNTS = 21;
const silent = () => {};

interface Transaction {
  readonly transaction_id: string;
  readonly account_id: string;
  readonly sequence: string;
  readonly direction: string;
  readonly currency: string;
  readonly channel: string;
  readonly amount: string;
  readonly balance_after: string;
  readonly is_overdrawn: boolean;
  readonly at: string;
  readonly day: string;
}

async function transactions(clickhouse: ClickHouse): Promise<readonly Transaction[]> {
  return clickhouse.rows<Transaction>(
    'SELECT transaction_id, account_id, toString(sequence) AS sequence, direction, currency, channel, amount, balance_after, is_overdrawn, toString(toUnixTimestamp64Milli(occurred_at)) AS at, toString(toDate(occurred_at)) AS day FROM headrace.transactions ORDER BY account_id, transactions.sequence',
  );
}

/** Of an amount as readers see it, in units of its fourth decimal. */
const scaled = (amount: string) => {
  const [whole = '', decimals = ''] = amount.replace('-', '').split('.');
  const value = BigInt(whole + decimals.padEnd(4, '0'));
  return amount.startsWith('-') ? -value : value;
};

/** Two legs of each transaction that sum to zero, its look-up, and failed dispenses. */
async function expectBelongings(clickhouse: ClickHouse, rows: number): Promise<void> {
  const count = async (sql: string) => {
    const [row] = await clickhouse.rows<{ readonly count: string }>(`SELECT toString(count()) AS count FROM ${sql}`);
    return Number(row!.count);
  };
  expect(await count('headrace.postings')).toBe(2 * rows);
  const unequal =
    "(SELECT sumIf(toInt128(amount_minor), direction = 'credit') - sumIf(toInt128(amount_minor), direction = 'debit') AS open, count() AS legs, uniqExact(leg) AS numbers FROM headrace.postings_rows GROUP BY transaction_id HAVING open != 0 OR legs != 2 OR numbers != 2)";
  expect(await count(unequal)).toBe(0);
  const own =
    "headrace.postings_rows AS p JOIN headrace.transactions_rows AS t ON t.account_id = p.account_id AND t.sequence = p.sequence WHERE p.leg = 0 AND p.direction = t.direction AND p.ledger_account = concat('customer:', t.account_id) AND p.amount_minor = t.amount_minor";
  expect(await count(own)).toBe(rows);
  const found =
    'headrace.transactions_by_id_rows AS i JOIN headrace.transactions_rows AS t ON t.transaction_id = i.transaction_id AND t.account_id = i.account_id AND t.sequence = i.sequence AND t.occurred_at = i.occurred_at';
  expect(await count(found)).toBe(rows);
  expect(await count('headrace.failed_dispenses')).toBeGreaterThan(0);
}

describe('a filled store', () => {
  it('holds what a ledger would have written, in each of its tables', { timeout: 120_000 }, async () => {
    await withStore(async ({ clickhouse }) => {
      const filled = await fill(clickhouse, ROWS, silent);
      expect(filled).toMatchObject({ accounts: ACCOUNTS, rows: ACCOUNTS * MONTHS * ROWS_A_MONTH });
      const rows = await transactions(clickhouse);
      expect(rows).toHaveLength(filled.rows);
      expect(new Set(rows.map(({ transaction_id }) => transaction_id)).size).toBe(filled.rows);
      const channels = new Set(rows.map(({ channel }) => channel));
      expect([...channels].sort()).toEqual(['atm', 'card', 'direct-debit', 'online', 'transfer']);

      const [days, last]: [Map<string, bigint[]>, Map<string, Transaction>] = [new Map(), new Map()];
      for (const [index, row] of rows.entries()) {
        const before = last.get(row.account_id);
        expect(row.account_id).toBe(filledAccountId(Math.floor(index / (MONTHS * ROWS_A_MONTH))));
        expect(Number(row.sequence)).toBe(Number(before?.sequence ?? 0) + 1);
        expect(Number(row.at)).toBeGreaterThan(Number(before?.at ?? 0));
        const month = Math.floor((Number(row.sequence) - 1) / ROWS_A_MONTH);
        expect(row.day.slice(0, 7)).toBe(new Date(Date.UTC(2024, month)).toISOString().slice(0, 7));
        const amount = scaled(row.amount);
        expect(amount).toBeGreaterThan(0n);
        const effect = row.direction === 'credit' ? amount : -amount;
        expect(scaled(row.balance_after)).toBe(scaled(before?.balance_after ?? '0') + effect);
        expect(row.is_overdrawn).toBe(scaled(row.balance_after) < 0n);
        expect(row.transaction_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        const takenInMs = Number.parseInt(row.transaction_id.replace('-', '').slice(0, 12), 16);
        expect(takenInMs - Number(row.at)).toBeGreaterThanOrEqual(0);
        expect(takenInMs - Number(row.at)).toBeLessThan(2_000);
        last.set(row.account_id, row);
        const key = `${row.account_id} ${row.day} ${row.currency}`;
        const [credits = 0n, debits = 0n, count = 0n] = days.get(key) ?? [];
        const isCredit = row.direction === 'credit';
        days.set(key, [credits + (isCredit ? amount : 0n), debits + (isCredit ? 0n : amount), count + 1n]);
      }

      const summaries = await clickhouse.rows<Readonly<Record<'key' | 'credits' | 'debits' | 'count', string>>>(
        "SELECT concat(account_id, ' ', toString(day), ' ', currency) AS key, credits, debits, count FROM headrace.account_daily_summary",
      );
      expect(summaries).toHaveLength(days.size);
      for (const { key, credits, debits, count } of summaries)
        expect([key, scaled(credits), scaled(debits), BigInt(count)]).toEqual([key, ...days.get(key)!]);

      const balances = await clickhouse.rows<{ readonly account_id: string; readonly booked: string }>(
        'SELECT account_id, booked FROM headrace.balances ORDER BY account_id',
      );
      expect(balances.map(({ account_id, booked }) => [account_id, booked])).toEqual(
        [...last.values()].map(({ account_id, balance_after }) => [account_id, balance_after]),
      );

      await expectBelongings(clickhouse, filled.rows);
    });
  });
  it('has as many transactions of each account in each month whatever its size', () => {
    expect([1_000, 1_000_000, 100_000_000].map(accountsOf)).toEqual([2, 2_083, 208_333]);
  });

  it('is used again where it is what is wanted, and refused where it is not', { timeout: 120_000 }, async () => {
    await withDirectory(async (directory) => {
      const { store, filled } = await openFilled(`${directory}/kept`, 500, silent);
      await store.close();
      const again = await openFilled(`${directory}/kept`, 500, silent);
      expect(again.filled).toEqual({ ...filled, seconds: undefined });
      await again.store.clickhouse.command(
        'ALTER TABLE headrace.transactions_rows DELETE WHERE sequence = 1 SETTINGS mutations_sync = 1',
      );
      await again.store.close();
      await expect(openFilled(`${directory}/kept`, 500, silent)).rejects.toThrow(
        /was filled otherwise \(500 transactions/,
      );
    });
  });
});
