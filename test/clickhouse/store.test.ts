import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../src/clickhouse/store.ts';
import { type TierOptions, tierSettings } from '../../src/clickhouse/tiers/tier-settings.ts';
import { type ServedStore, serveStore } from '../app/http/clickhouse/served-store.ts';
import { MIGRATIONS, withDirectory } from './temporary-store.ts';

let server: ServedStore;

beforeAll(async () => {
  server = await serveStore(true);
}, 60_000);
afterAll(() => server.close());

const open = (at: { path: string } | { url: string }, options: TierOptions) =>
  openStore({ at, migrationsDirectory: MIGRATIONS, clock: Date.now, tiers: tierSettings(options, 'store') });
/** Opens it for as long as it takes to bring a server to what is wanted, however slow that is. */
const bring = async (...given: Parameters<typeof open>) => {
  const store = await open(...given);
  try {
    await store.clickhouse.rows('SELECT 1');
  } finally {
    await store.close();
  }
};
const rules = () =>
  server.text("SELECT engine_full FROM system.tables WHERE database = 'headrace' AND name = 'postings_rows'");

test('a server is migrated and then brought to its retention, and back', { timeout: 60_000 }, async () => {
  const at = { url: server.address };
  await bring(at, { deleteExpired: true, retentionMonths: 96 });
  expect(await rules()).toContain('TTL recorded_at + toIntervalMonth(96) SETTINGS');
  // A command that is told nothing of it leaves it.
  const plain = await openStore({ at, migrationsDirectory: MIGRATIONS, clock: Date.now });
  await plain.clickhouse.rows('SELECT 1');
  await plain.close();
  expect(await rules()).toContain('toIntervalMonth(96)');
  await bring(at, {});
  expect(await rules()).not.toContain('TTL');
});

test('a policy that the server does not have ends the start', { timeout: 60_000 }, async () => {
  await expect(bring({ url: server.address }, { storagePolicy: 'nowhere' })).rejects.toMatchObject({
    code: 'TIERS_INVALID',
    retriable: false,
    message: expect.stringContaining('no storage policy nowhere; there are: default'),
  });
});

test('directories for a server, and a policy for the engine in this process, are wrong usage', async () => {
  await withDirectory(async (path) => {
    const coldDirectory = join(path, 'cold');
    await expect(open({ url: server.address }, { coldDirectory })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(open({ path }, { storagePolicy: 'tiered' })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
