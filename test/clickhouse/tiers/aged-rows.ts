import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';
import { openStore, type Store } from '../../../src/clickhouse/store.ts';
import { type TierOptions, tierSettings } from '../../../src/clickhouse/tiers/tier-settings.ts';
import { MIGRATIONS } from '../temporary-store.ts';

/** Directories of a store and its tiers below one. */
export function placesIn(path: string) {
  return { hot: join(path, 'clickhouse'), coldDirectory: join(path, 'cold'), archiveDirectory: join(path, 'archive') };
}

/** A store as `headrace start` opens it with these options. */
export function openTiered(path: string, options: TierOptions): Promise<Store> {
  const at = { path: placesIn(path).hot };
  return openStore({ at, migrationsDirectory: MIGRATIONS, clock: Date.now, tiers: tierSettings(options, path) });
}

/**
 * Inserts transactions of an account that came in so many months ago, sequences from one on, into this month's partition;
 * their postings, withdrawals and refusals as old.
 */
export async function insertAged(clickhouse: ClickHouse, months: number, from: number, count: number): Promise<void> {
  const takenIn = `now() - toIntervalMonth(${months}) - toIntervalDay(1)`;
  const rows = `FROM numbers(${from}, ${count})`;
  const statements = [
    `transactions_rows (transaction_id, account_id, sequence, reference, occurred_at, amount_minor, recorded_at) SELECT concat('t', toString(number)), 'a', number, concat('r', toString(number)), toDateTime64('2020-01-05', 3, 'UTC'), number, ${takenIn}`,
    `postings_rows (transaction_id, account_id, sequence, leg, occurred_at, recorded_at) SELECT concat('t', toString(number)), 'a', number, 1, toDateTime64('2020-01-05', 3, 'UTC'), ${takenIn}`,
    `withdrawals_rows (withdrawal_id, version, requested_at, state, recorded_at) SELECT concat('w', toString(number)), 1, toDateTime64('2020-01-05', 3, 'UTC'), 'AUTHORISED', ${takenIn}`,
    `rejected_transactions_rows (source_topic, source_offset, taken_in_at) SELECT 't', number, ${takenIn}`,
    `balances_rows (account_id, currency, version) SELECT concat('a', toString(number)), 'EUR', 1`,
  ];
  for (const statement of statements) await clickhouse.command(`INSERT INTO headrace.${statement} ${rows}`);
}

/** Rows of tables by tier, as `storage_tiers` shows them. */
export async function tiersOf(clickhouse: ClickHouse, ...tables: readonly string[]) {
  const rows = await clickhouse.rows<{ table_name: string; tier: string; stored_rows: string; bytes: string }>(
    'SELECT * FROM headrace.storage_tiers ORDER BY table_name, tier',
  );
  const found: Record<string, Record<string, number>> = {};
  for (const { table_name: table, tier, stored_rows } of rows) {
    if (tables.includes(table)) found[table] = { ...found[table], [tier]: Number(stored_rows) };
  }
  return found;
}

/** Waits for the engine's own moves and deletions. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await check();
      return;
    } catch (error) {
      if (tries === 600) throw error;
      await sleep(100);
    }
  }
}
