import { expect, test } from 'vitest';
import { readText } from '../../src/clickhouse/clickhouse.ts';
import { migratedLater } from '../../src/clickhouse/migrated-later.ts';
import { openStore } from '../../src/clickhouse/store.ts';
import { HeadraceError } from '../../src/errors.ts';
import { freePorts } from '../free-ports.ts';
import { MIGRATIONS, withStore } from './temporary-store.ts';

test('nothing is done before it is migrated, and that is tried again until it succeeds once', async () => {
  await withStore(async ({ clickhouse }) => {
    let [failures, runs] = [2, 0];
    const later = migratedLater(clickhouse, async () => {
      runs++;
      if (failures-- > 0) throw new HeadraceError('CLICKHOUSE_FAILED', 'away', { retriable: true });
      await clickhouse.command('CREATE TABLE headrace.late (n Int8) ENGINE = MergeTree ORDER BY n');
    });
    await expect(later.rows('SELECT 1')).rejects.toMatchObject({ retriable: true });
    await expect(readText(later, 'SELECT 1')).rejects.toMatchObject({ retriable: true });
    const asked = [readText(later, 'SELECT count() FROM late', { format: 'TSV' }), later.settle('x'), later.migrated()];
    expect(await Promise.all(asked)).toEqual(['0\n', undefined, undefined]);
    await later.command('INSERT INTO headrace.late SETTINGS async_insert = 0 VALUES (1)');
    await later.insert('headrace.late', [{ name: 'n', type: 'Int8' }], [new Uint8Array([2])], {
      token: 't',
      queryId: 't',
    });
    expect(await later.rows('SELECT sum(n) AS sum FROM headrace.late')).toEqual([{ sum: '3' }]);
    expect(runs).toBe(3);
  });
});

test('a store whose server is away opens, and says so to those who use it', async () => {
  const [port] = await freePorts(1);
  const at = { url: `http://127.0.0.1:${port}` };
  const store = await openStore({ at, migrationsDirectory: MIGRATIONS, clock: Date.now });
  expect(store.applied).toEqual([]);
  await expect(readText(store.clickhouse, 'SELECT 1')).rejects.toMatchObject({
    code: 'CLICKHOUSE_FAILED',
    retriable: true,
  });
  await store.close();
});
