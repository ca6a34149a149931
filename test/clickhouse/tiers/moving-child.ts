// Run as a process of its own by killed-while-moving.test.ts: opens a store with tiers, which begins to move what is old, and stays.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../src/clickhouse/store.ts';
import { tierSettings } from '../../../src/clickhouse/tiers/tier-settings.ts';

const [path = ''] = process.argv.slice(2);
const tiers = tierSettings({ coldDirectory: join(path, 'cold'), archiveDirectory: join(path, 'archive') }, path);
await openStore({ at: { path: join(path, 'clickhouse') }, migrationsDirectory: undefined, clock: Date.now, tiers });
await sleep(60_000);
