import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRows } from '../../src/clickhouse/clickhouse.ts';
import { freezeEmbedded } from '../../src/clickhouse/freeze.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import { ledgerSinkTables } from '../../topologies/account-ledger/sink-tables.ts';
import { ledgerTransaction } from './ledger-records.ts';
import { batchesOf, cutOf } from './record-batches.ts';
import { openAt, withDirectory } from './temporary-store.ts';

const batch = (from: number, count: number) =>
  batchesOf(
    'ledger.transactions',
    0,
    from,
    Array.from({ length: count }, (_, i) =>
      ledgerTransaction({
        accountId: `a${(from + i) % 10}`,
        transactionId: `t${from + i}`,
        sequence: Math.floor((from + i) / 10) + 1,
        occurredAt: new Date(Date.UTC(2020, (from + i) % 12, 5)).toISOString(),
      }),
    ),
  );
const write = (store: Store, number: number, batches: ReturnType<typeof batch>) =>
  store.target(ledgerSinkTables).write(cutOf(number, batches), batches);
const figures = async ({ clickhouse }: Store) =>
  (
    await readRows<Record<string, string>>(
      clickhouse,
      'SELECT count() AS count, sum(sequence) AS sequences, (SELECT count() FROM transactions_by_id) AS by_id, (SELECT count() FROM transactions_rows) AS base FROM transactions',
    )
  )[0];

test('what was frozen opens elsewhere as it was, and takes the cuts behind it', async () => {
  await withDirectory(async (path) => {
    const home = join(path, 'clickhouse');
    const store = await openAt(home);
    await write(store, 1, batch(0, 500));
    const before = await figures(store);
    const frozen = join(path, 'frozen');
    await freezeEmbedded(store.clickhouse, home, frozen, 'one');
    expect(readdirSync(join(home, 'shadow'))).toEqual(['increment.txt']);
    await write(store, 2, batch(500, 200));
    await store.clickhouse.command('OPTIMIZE TABLE headrace.transactions_rows FINAL');
    expect((await figures(store))?.count).toBe('700');
    await store.close();

    execFileSync('cp', ['-a', frozen, join(path, 'restored')]);
    const restored = await openAt(join(path, 'restored'));
    expect(restored.applied).toEqual([]);
    expect(await figures(restored)).toEqual(before);
    // It is another life of the engine: the cut that was in it comes in again and is replaced, the one behind it lands.
    await write(restored, 1, batch(0, 500));
    await write(restored, 2, batch(500, 200));
    expect(await figures(restored)).toMatchObject({ count: '700', by_id: '700' });
    await restored.close();
  });
});

test('parts are linked, not copied', async () => {
  await withDirectory(async (path) => {
    const home = join(path, 'clickhouse');
    const store = await openAt(home);
    await write(store, 1, batch(0, 50));
    await freezeEmbedded(store.clickhouse, home, join(path, 'frozen'), 'two');
    const files = readdirSync(join(path, 'frozen', 'store'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name === 'data.bin')
      .map((entry) => statSync(join(entry.parentPath, entry.name)));
    expect(files.length).toBeGreaterThan(10);
    expect(files.every(({ nlink }) => nlink === 2)).toBe(true);
    await store.close();
  });
});

test('a place that cannot be written is told, and nothing stays behind', async () => {
  await withDirectory(async (path) => {
    const home = join(path, 'clickhouse');
    const store = await openAt(home);
    await write(store, 1, batch(0, 50));
    writeFileSync(join(path, 'file'), '');
    await expect(freezeEmbedded(store.clickhouse, home, join(path, 'file', 'frozen'), 'three')).rejects.toMatchObject({
      code: 'CLICKHOUSE_FAILED',
      message: expect.stringContaining('could not be frozen'),
    });
    expect(existsSync(join(home, 'shadow', 'three'))).toBe(false);
    await store.close();
  });
});
