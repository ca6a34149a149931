import { expect, test } from 'vitest';
import { takenNames } from '../../../src/clickhouse/generic/taken-names.ts';
import { readMigrations } from '../../../src/clickhouse/migrations.ts';
import { MIGRATIONS } from '../temporary-store.ts';

test("the names of Headrace's own tables and views are known", () => {
  const names = takenNames(readMigrations(MIGRATIONS));
  for (const name of [
    'transactions',
    'transactions_rows',
    'transactions_by_id_feed',
    'balances_rows',
    'dead_letters',
    'reconciliation_cases',
    'schema_migrations',
  ]) {
    expect(names).toContain(name);
  }
});
