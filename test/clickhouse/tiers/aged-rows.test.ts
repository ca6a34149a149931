import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readText } from '../../../src/clickhouse/clickhouse.ts';
import { freezeEmbedded, frozenFiles, removeFrozen } from '../../../src/clickhouse/freeze.ts';
import type { Store } from '../../../src/clickhouse/store.ts';
import { openAt as openPlain, withDirectory } from '../temporary-store.ts';
import { eventually, insertAged, openTiered as openWith, placesIn, tiersOf } from './aged-rows.ts';

/** The engine moves and deletes when it comes to it, which is late on a busy machine. */
const SLOW = { timeout: 120_000 };
const opened: Store[] = [];
const kept = async (opening: Promise<Store>) => {
  opened.push(await opening);
  return opening;
};
const openAt = (path: string) => kept(openPlain(path));
const openTiered = (...given: Parameters<typeof openWith>) => kept(openWith(...given));
// One that fails leaves its engine to the process, which takes only one.
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

const shown = ({ clickhouse }: Store) =>
  readText(
    clickhouse,
    `SELECT count(), sum(sequence), (SELECT count() FROM postings), (SELECT count() FROM withdrawals),
      (SELECT count() FROM rejected_transactions), (SELECT count() FROM transactions_by_id),
      (SELECT count() FROM transactions_by_reference), (SELECT count() FROM balances) FROM transactions`,
    { format: 'CSV' },
  );

test('rows are moved by the time since they came in, and readers see the same, after a restart too', SLOW, async () => {
  await withDirectory(async (path) => {
    const { coldDirectory, archiveDirectory } = placesIn(path);
    let store = await openTiered(path, { coldDirectory, archiveDirectory });
    await insertAged(store.clickhouse, 0, 0, 10);
    await insertAged(store.clickhouse, 3, 10, 20);
    await insertAged(store.clickhouse, 12, 30, 30);
    // Long behind the retention: it is asked of nobody to delete.
    await insertAged(store.clickhouse, 100, 60, 40);
    const aged = { hot: 10, cold: 20, archive: 70 };
    const wanted = {
      transactions_rows: aged,
      postings_rows: aged,
      withdrawals_rows: aged,
      transactions_by_id_rows: { hot: 100 },
      rejected_transactions_rows: { hot: 100 },
      balances_rows: { hot: 100 },
    };
    const tables = Object.keys(wanted);
    await eventually(async () => expect(await tiersOf(store.clickhouse, ...tables)).toEqual(wanted));
    const all = '100,4950,100,100,100,100,100,100\n';
    expect(await shown(store)).toBe(all);
    const names = (directory: string) => readdirSync(directory, { recursive: true }).map(String);
    expect(names(coldDirectory).filter((name) => name.endsWith('checksums.txt')).length).toBeGreaterThanOrEqual(3);
    await store.close();

    // Whoever opens it next need not know where they are.
    store = await openAt(placesIn(path).hot);
    expect(await shown(store)).toBe(all);
    expect(await tiersOf(store.clickhouse, ...tables)).toEqual(wanted);
    await store.clickhouse.command('OPTIMIZE TABLE headrace.transactions_rows FINAL');
    expect(await shown(store)).toBe(all);
    await store.close();
  });
});

test(
  'what is there when tiers are first named is moved as well, and times that are changed hold for it',
  SLOW,
  async () => {
    await withDirectory(async (path) => {
      const { coldDirectory, archiveDirectory } = placesIn(path);
      let store = await openTiered(path, {});
      await insertAged(store.clickhouse, 3, 0, 20);
      await insertAged(store.clickhouse, 12, 20, 30);
      expect(await tiersOf(store.clickhouse, 'transactions_rows')).toEqual({ transactions_rows: { hot: 50 } });
      await store.close();

      store = await openTiered(path, { coldDirectory });
      await eventually(async () =>
        expect(await tiersOf(store.clickhouse, 'transactions_rows')).toEqual({ transactions_rows: { cold: 50 } }),
      );
      await store.close();

      store = await openTiered(path, { archiveDirectory, archiveAfterMonths: 13 });
      await insertAged(store.clickhouse, 12, 50, 10);
      await insertAged(store.clickhouse, 13, 60, 10);
      const wanted = { transactions_rows: { cold: 60, archive: 10 } };
      await eventually(async () => expect(await tiersOf(store.clickhouse, 'transactions_rows')).toEqual(wanted));
      await store.close();

      store = await openTiered(path, { coldAfterMonths: 6 });
      await eventually(async () =>
        expect(await tiersOf(store.clickhouse, 'transactions_rows')).toEqual({
          transactions_rows: { archive: 50, cold: 20 },
        }),
      );
      expect(await shown(store)).toMatch(/^70,/);
      await store.close();
    });
  },
);

test('what is there is measured by new times without being written again', SLOW, async () => {
  await withDirectory(async (path) => {
    const files = async ({ clickhouse }: Store) => {
      const parts = await clickhouse.rows<{ path: string }>(
        "SELECT path FROM system.parts WHERE active AND database = 'headrace' AND table = 'transactions_rows' AND delete_ttl_info_max > 0",
      );
      return parts.map((part) => statSync(join(part.path, 'amount_minor.bin')).ino);
    };
    let store = await openTiered(path, { deleteExpired: true });
    // As parts beyond 10 MB are, with a file for each column.
    await store.clickhouse.command('ALTER TABLE headrace.transactions_rows MODIFY SETTING min_bytes_for_wide_part = 0');
    for (const from of [0, 1_000, 2_000]) await insertAged(store.clickhouse, 1, from, 1_000);
    await store.clickhouse.command('OPTIMIZE TABLE headrace.transactions_rows FINAL');
    const before = await files(store);
    expect(before).toHaveLength(1);
    await store.close();
    store = await openTiered(path, { deleteExpired: true, retentionMonths: 36 });
    await eventually(async () => {
      const [part] = await store.clickhouse.rows<{ months: string }>(
        "SELECT dateDiff('month', now(), delete_ttl_info_max) AS months FROM system.parts WHERE active AND database = 'headrace' AND table = 'transactions_rows'",
      );
      expect(Number(part?.months)).toBeLessThanOrEqual(36);
    });
    expect(await files(store)).toEqual(before);
    await store.close();
  });
});

test(
  'nothing is deleted before its time, behind it only where that is asked for, and present states never',
  SLOW,
  async () => {
    await withDirectory(async (path) => {
      const { coldDirectory } = placesIn(path);
      let store = await openTiered(path, { coldDirectory });
      await insertAged(store.clickhouse, 83, 0, 20);
      await insertAged(store.clickhouse, 84, 20, 30);
      await store.close();

      store = await openTiered(path, { retentionMonths: 96, deleteExpired: true });
      await store.clickhouse.command('OPTIMIZE TABLE headrace.transactions_rows FINAL');
      expect(await shown(store)).toBe('50,1225,50,50,50,50,50,50\n');
      await store.close();

      store = await openTiered(path, { deleteExpired: true });
      for (const table of ['transactions_rows', 'postings_rows', 'withdrawals_rows', 'balances_rows'])
        await store.clickhouse.command(`OPTIMIZE TABLE headrace.${table} FINAL`);
      // The look-ups' rows came in just now.
      await eventually(async () => expect(await shown(store)).toBe('20,190,20,50,20,50,50,50\n'));
      await store.close();

      // Who no longer asks for it has no rows deleted.
      store = await openTiered(path, {});
      await insertAged(store.clickhouse, 84, 50, 30);
      await store.clickhouse.command('OPTIMIZE TABLE headrace.transactions_rows FINAL');
      expect((await shown(store)).split(',')[0]).toBe('50');
      await store.close();
    });
  },
);

test(
  'a frozen store holds the parts of all tiers, opens elsewhere without them, and takes tiers of its own',
  SLOW,
  async () => {
    await withDirectory(async (path) => {
      const { hot, coldDirectory, archiveDirectory } = placesIn(path);
      const store = await openTiered(path, { coldDirectory, archiveDirectory });
      await insertAged(store.clickhouse, 0, 0, 10);
      await insertAged(store.clickhouse, 3, 10, 20);
      await insertAged(store.clickhouse, 12, 30, 30);
      const aged = { transactions_rows: { hot: 10, cold: 20, archive: 30 } };
      await eventually(async () => expect(await tiersOf(store.clickhouse, 'transactions_rows')).toEqual(aged));
      const all = await shown(store);
      const frozen = join(path, 'frozen');
      await freezeEmbedded(store.clickhouse, hot, frozen, 'one');
      const elsewhere = join(path, 'elsewhere', 'clickhouse');
      for (const { name, path: file, link } of frozenFiles(frozen)) {
        mkdirSync(dirname(join(elsewhere, name)), { recursive: true });
        if (link === undefined) copyFileSync(file, join(elsewhere, name));
        else symlinkSync(link, join(elsewhere, name));
      }
      removeFrozen(frozen);
      for (const directory of [hot, coldDirectory, archiveDirectory])
        expect(readdirSync(join(directory, 'shadow')).filter((name) => name !== 'increment.txt')).toEqual([]);
      expect(existsSync(frozen)).toBe(false);
      await store.close();

      let copied = await openAt(elsewhere);
      expect(await shown(copied)).toBe(all);
      expect(await tiersOf(copied.clickhouse, 'transactions_rows')).toEqual({ transactions_rows: { hot: 60 } });
      await copied.close();
      const place = join(path, 'elsewhere');
      await expect(openTiered(place, { coldDirectory })).rejects.toMatchObject({ code: 'TIERS_INVALID' });
      copied = await openTiered(place, placesIn(place));
      await eventually(async () => expect(await tiersOf(copied.clickhouse, 'transactions_rows')).toEqual(aged));
      expect(await shown(copied)).toBe(all);
      await copied.close();
    });
  },
);

test(
  'a tier that is not there is told and nothing is opened; moved by hand it is found, and no release opens without it',
  SLOW,
  async () => {
    await withDirectory(async (path) => {
      const { hot, coldDirectory } = placesIn(path);
      let store = await openTiered(path, { coldDirectory });
      await insertAged(store.clickhouse, 3, 0, 20);
      await eventually(async () =>
        expect(await tiersOf(store.clickhouse, 'transactions_rows')).toEqual({ transactions_rows: { cold: 20 } }),
      );
      const all = await shown(store);
      await store.close();
      const moved = join(path, 'moved');
      renameSync(coldDirectory, moved);
      await expect(openAt(hot)).rejects.toMatchObject({
        code: 'TIERS_INVALID',
        message: expect.stringContaining('Is the disk mounted?'),
      });
      expect(existsSync(coldDirectory)).toBe(false);
      store = await openTiered(path, { coldDirectory: moved });
      expect(await shown(store)).toBe(all);
      await store.close();
      store = await openAt(hot);
      expect(await shown(store)).toBe(all);
      await store.close();
      // As a release that knows no tiers would: the engine misses a volume, and says so itself.
      const file = join(hot, 'headrace-tiers.json');
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ directories: { cold: moved } });
      rmSync(file);
      await expect(openAt(hot)).rejects.toMatchObject({ code: 'CLICKHOUSE_FAILED' });
    });
  },
);
