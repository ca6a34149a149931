import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS } from '../../src/app/migrations.ts';
import type { ClickHouse } from '../../src/clickhouse/clickhouse.ts';
import { openStore, type Store } from '../../src/clickhouse/store.ts';
import { seedOf } from '../../src/random.ts';
import {
  accountsOf,
  dailySummariesOf,
  failedDispensesOf,
  lastBalances,
  MONTHS,
  postingsOf,
  ROWS_A_MONTH,
  transactionsOf,
} from './filled-rows.ts';

export interface Filled {
  readonly accounts: number;
  /** Transactions: the whole number of accounts that comes nearest to what was asked for. */
  readonly rows: number;
  /** How long it took to fill it; undefined where it was there already. */
  readonly seconds: number | undefined;
}

/** Tells progress. */
type Say = (text: string) => void;

const MERGES_MAX_MS = 300_000;
/** Months of fewer transactions are filled together. */
const ROWS_AT_ONCE = 2_000_000;

/**
 * Blocks as large as memory lets them be, for each becomes a part that must be merged; two threads make and write them. Nothing is
 * inserted twice here, and what tells it would count for nothing.
 */
const SETTINGS =
  'async_insert = 0, insert_deduplicate = 0, deduplicate_blocks_in_dependent_materialized_views = 0, max_threads = 2, max_insert_threads = 2, max_block_size = 8192, min_insert_block_size_rows = 1048576, min_insert_block_size_bytes = 536870912, max_partitions_per_insert_block = 0';

/** A directory's store with so many transactions: as it was filled before, or filled now. Rejects with RangeError for another or half a fill. */
export async function openFilled(
  directory: string,
  rows: number,
  say: Say,
): Promise<{ readonly store: Store; readonly filled: Filled }> {
  const isThere = existsSync(join(directory, 'store'));
  mkdirSync(directory, { recursive: true });
  const store = await openStore({ at: { path: directory }, migrationsDirectory: MIGRATIONS, clock: Date.now });
  try {
    if (isThere) {
      await requireFilled(store.clickhouse, directory, rows);
      const accounts = accountsOf(rows);
      return { store, filled: { accounts, rows: accounts * MONTHS * ROWS_A_MONTH, seconds: undefined } };
    }
    return { store, filled: await fill(store.clickhouse, rows, say) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Fills a migrated store that holds nothing yet, some months after the other, and waits until the parts are merged as far as they will be. */
export async function fill(clickhouse: ClickHouse, rows: number, say: Say): Promise<Filled> {
  const accounts = accountsOf(rows);
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 100) / 10;
  const step = Math.max(1, Math.min(MONTHS, Math.floor(ROWS_AT_ONCE / (accounts * ROWS_A_MONTH))));
  for (let from = 0; from < MONTHS; from += step) {
    const months = { from, to: Math.min(MONTHS, from + step) };
    await insert(clickhouse, 'transactions_rows', transactionsOf(months, accounts));
    await insert(clickhouse, 'postings_rows', postingsOf(months));
    await insert(clickhouse, 'account_daily_summary_rows', dailySummariesOf(months));
    await insert(clickhouse, 'failed_dispenses_rows', failedDispensesOf(months));
    say(`${accounts * ROWS_A_MONTH * months.to} transactions after ${seconds()} s`);
  }
  await insert(clickhouse, 'balances_rows', lastBalances());
  const filled = { accounts, rows: accounts * MONTHS * ROWS_A_MONTH, seconds: seconds() };
  await mergeAll(clickhouse);
  say(`merged after ${seconds()} s`);
  await clickhouse.command('CREATE DATABASE IF NOT EXISTS bench');
  await clickhouse.command('CREATE TABLE bench.filled (rows UInt64, shape UInt64) ENGINE = MergeTree ORDER BY rows');
  await clickhouse.command(`INSERT INTO bench.filled SETTINGS async_insert = 0 SELECT ${rows}, ${SHAPE}`);
  return filled;
}

/** Columns by name: those that a table has besides get their defaults, as from the sink. */
async function insert(clickhouse: ClickHouse, table: string, select: string): Promise<void> {
  const names = await clickhouse.rows<{ readonly name: string }>(`DESCRIBE (${select})`);
  const columns = names.map(({ name }) => `\`${name}\``).join(', ');
  await clickhouse.command(`INSERT INTO headrace.${table} (${columns}) SETTINGS ${SETTINGS}${select}`);
}

/** Of all that makes the rows: a store that was filled by other statements is not taken for one of these. */
const SHAPE = seedOf(
  [transactionsOf, postingsOf, dailySummariesOf, failedDispensesOf, lastBalances]
    .map((statement) => statement({ from: 0, to: 1 }, 1))
    .join(),
);

async function requireFilled(clickhouse: ClickHouse, directory: string, rows: number): Promise<void> {
  const marks = await clickhouse
    .rows<{ readonly rows: string; readonly shape: string }>('SELECT rows, shape FROM bench.filled')
    .catch(() => []);
  const [mark] = marks;
  const counted = await clickhouse.rows<{ readonly count: string }>(
    'SELECT toString(count()) AS count FROM headrace.transactions_rows',
  );
  const due = accountsOf(rows) * MONTHS * ROWS_A_MONTH;
  const isRight = Number(mark?.rows) === rows && Number(mark?.shape) === SHAPE && Number(counted[0]?.count) === due;
  if (isRight) return;
  const what = mark === undefined ? 'was not filled to its end' : 'was filled otherwise';
  throw new RangeError(
    `The store in ${directory} ${what} (${rows} transactions are wanted): remove it, or name another directory`,
  );
}

/**
 * Makes one part of each month, as parts of a month that is over come to be, and waits until nothing is merged any more: what is
 * compared over the sizes is then how much there is, and not how far the merges have come.
 */
async function mergeAll(clickhouse: ClickHouse): Promise<void> {
  const tables = await clickhouse.rows<{ readonly name: string }>(
    "SELECT name FROM system.tables WHERE database = 'headrace' AND engine LIKE '%MergeTree' AND total_rows > 0",
  );
  for (const { name } of tables)
    await clickhouse.command(`OPTIMIZE TABLE headrace.${name} FINAL SETTINGS optimize_skip_merged_partitions = 1`);
  await merged(clickhouse);
}

/** Waits until no part is being merged any more: what is measured behind it is the queries alone. */
async function merged(clickhouse: ClickHouse): Promise<void> {
  const until = performance.now() + MERGES_MAX_MS;
  for (let quiet = 0; quiet < 3 && performance.now() < until; ) {
    const [merges] = await clickhouse.rows<{ readonly count: string }>(
      'SELECT toString(count()) AS count FROM system.merges',
    );
    quiet = Number(merges?.count) === 0 ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
