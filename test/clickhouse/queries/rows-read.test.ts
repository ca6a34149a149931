import { expect, test } from 'vitest';
import { type ClickHouse, readText } from '../../../src/clickhouse/clickhouse.ts';
import { parametersFor } from '../../../src/clickhouse/queries/named-query.ts';
import { namedQuery } from '../../../src/clickhouse/queries/registry.ts';
import { withStore } from '../temporary-store.ts';

const MONTHS = 24;
const ROWS_PER_ACCOUNT_AND_MONTH = 20;
/** Rows of a granule of the tables, and of the look-ups and summaries. */
const GRANULE = 1_024;
const SMALL_GRANULE = 512;

/** Two years of some accounts, a part for each month, made in the engine. */
async function fill(clickhouse: ClickHouse, accounts: number): Promise<void> {
  const number = `number % ${ROWS_PER_ACCOUNT_AND_MONTH}`;
  const account = `concat('A-', toString(intDiv(number, ${ROWS_PER_ACCOUNT_AND_MONTH})))`;
  for (let month = 0; month < MONTHS; month++) {
    await clickhouse.command(
      `INSERT INTO headrace.transactions_rows (transaction_id, account_id, direction, amount_minor, exponent, currency, reference, sequence, occurred_at)
       SELECT concat('t-', toString(${month}), '-', toString(number)), ${account}, 'credit', 1, 2, 'EUR', concat('r-', toString(${month}), '-', toString(number)),
         ${month * ROWS_PER_ACCOUNT_AND_MONTH} + ${number} + 1,
         toDateTime64('2023-01-01 00:00:00', 3, 'UTC') + toIntervalMonth(${month}) + toIntervalDay(${number})
       FROM numbers(${accounts * ROWS_PER_ACCOUNT_AND_MONTH}) SETTINGS async_insert = 0`,
    );
  }
  await clickhouse.command(
    `INSERT INTO headrace.account_daily_summary_rows (account_id, day, currency, credits_minor, exponent, transaction_count, version)
     SELECT account_id, toDate32(occurred_at), currency, amount_minor, exponent, 1, sequence FROM headrace.transactions_rows SETTINGS async_insert = 0`,
  );
  await clickhouse.command(
    `INSERT INTO headrace.balances_rows (account_id, currency, exponent, sequence, version, occurred_at)
     SELECT account_id, currency, 2, max(sequence), max(sequence), max(occurred_at) FROM headrace.transactions_rows GROUP BY account_id, currency SETTINGS async_insert = 0`,
  );
  for (const table of ['transactions_by_id_rows', 'transactions_by_reference_rows', 'account_daily_summary_rows']) {
    await clickhouse.command(`OPTIMIZE TABLE headrace.${table} FINAL`);
  }
}

/** What the engine says that it read for an answer. */
async function rowsRead(
  clickhouse: ClickHouse,
  name: string,
  given: Readonly<Record<string, string>>,
): Promise<number> {
  const query = namedQuery(name);
  const parameters = parametersFor(query, given);
  const text = await readText(clickhouse, query.sql, { parameters, format: 'JSON' });
  const { rows, statistics } = JSON.parse(text) as { rows: number; statistics: { rows_read: number } };
  expect(rows, name).toBeGreaterThan(0);
  return statistics.rows_read;
}

const QUESTIONS: readonly (readonly [name: string, given: Readonly<Record<string, string>>, most: number])[] = [
  ['last-transactions', { account: 'A-77', months: '2' }, 3 * 2 * GRANULE + 2 * SMALL_GRANULE],
  ['transaction-by-id', { transaction: 't-7-1234' }, 2 * GRANULE + 2 * SMALL_GRANULE],
  ['transactions-by-reference', { reference: 'r-7-1234' }, 2 * GRANULE + 2 * SMALL_GRANULE],
  ['daily-summary', { account: 'A-77', from: '2024-01-01', until: '2025-01-01' }, 3 * SMALL_GRANULE],
  ['monthly-summary', { account: 'A-77', from: '2024-01-01', until: '2025-01-01' }, 3 * SMALL_GRANULE],
  ['velocity', { account: 'A-77', moment: '2024-03-10T00:00:00Z' }, 2 * GRANULE],
  ['balance-as-of', { account: 'A-77', moment: '2024-03-10T00:00:00Z' }, 15 * 2 * GRANULE],
];

test('a question about an account or a transaction reads a few granules, however many accounts there are', async () => {
  const read: number[][] = [];
  for (const accounts of [200, 800]) {
    await withStore(async ({ clickhouse }) => {
      await fill(clickhouse, accounts);
      const counts: number[] = [];
      for (const [name, given, most] of QUESTIONS) {
        const count = await rowsRead(clickhouse, name, given);
        expect(count, `${name} with ${accounts} accounts`).toBeLessThanOrEqual(most);
        counts.push(count);
      }
      read.push(counts);
    });
  }
  // Four times as many rows: not twice as many are read.
  const [few, many] = read as [number[], number[]];
  for (const [index, count] of many.entries()) {
    expect(count, QUESTIONS[index]![0]).toBeLessThan(Math.max(few[index]! * 2, 4 * GRANULE));
  }
}, 120_000);

const PERIODS: readonly (readonly [name: string, from: string, until: string, months: number])[] = [
  ['totals-by-currency-and-channel', '2023-05-03', '2023-05-20', 1],
  ['totals-by-currency-and-channel', '2023-05-03T12:00:00Z', '2023-07-01', 2],
  ['general-ledger-totals', '2023-05-03', '2023-05-20', 1],
  ['general-ledger-totals', '2023-05-03', '2023-07-01', 2],
  ['failed-dispenses-by-terminal', '2023-05-03', '2023-05-20', 1],
];

test('totals of a period read the months that it touches, and no other', async () => {
  await withStore(async ({ clickhouse }) => {
    await fill(clickhouse, 200);
    await clickhouse.command(
      `INSERT INTO headrace.postings_rows (transaction_id, account_id, sequence, leg, ledger_account, direction, amount_minor, exponent, currency, occurred_at)
       SELECT transaction_id, account_id, sequence, 0, 'cash', direction, amount_minor, exponent, currency, occurred_at FROM headrace.transactions_rows SETTINGS async_insert = 0`,
    );
    await clickhouse.command(
      `INSERT INTO headrace.failed_dispenses_rows (terminal_id, withdrawal_id, outcome, currency, exponent, occurred_at)
       SELECT 'T', transaction_id, 'UNKNOWN', currency, exponent, occurred_at FROM headrace.transactions_rows SETTINGS async_insert = 0`,
    );
    for (const [name, from, until, months] of PERIODS) {
      const read = await rowsRead(clickhouse, name, { from, until });
      expect(read, `${name} until ${until}`).toBe(months * 200 * ROWS_PER_ACCOUNT_AND_MONTH);
    }
  });
}, 60_000);
