// Run as a process of its own by merges-synced.test.ts: makes one part of two in a migrated table.
import { openStore } from '../../src/clickhouse/store.ts';

const [path = '', migrationsDirectory = ''] = process.argv.slice(2);
const { clickhouse, close } = await openStore({ at: { path }, migrationsDirectory, clock: Date.now });
for (const account of ['a', 'b'])
  await clickhouse.command(`INSERT INTO headrace.balances_rows (account_id) VALUES ('${account}')`);
await clickhouse.command('OPTIMIZE TABLE headrace.balances_rows FINAL');
await close();
process.exit(0);
