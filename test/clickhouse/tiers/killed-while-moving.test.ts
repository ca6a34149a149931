import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readText } from '../../../src/clickhouse/clickhouse.ts';
import { temporaryDirectory } from '../../embedded-log.ts';
import { compile } from '../../runtime/sink/compile.ts';
import { withDirectory } from '../temporary-store.ts';
import { eventually, openTiered, placesIn, tiersOf } from './aged-rows.ts';

const MONTHS = 24;
const ROWS = 120_000;
const compiled = temporaryDirectory();
let child = '';

beforeAll(() => {
  child = compile('test/clickhouse/tiers/moving-child.ts', compiled.path);
});
afterAll(() => compiled.remove());

/** Parts, whole or on their way, on the disks of tiers; none where they change while they are counted. */
function partsIn(...directories: readonly string[]): number {
  try {
    return directories
      .filter((directory) => existsSync(directory))
      .flatMap((directory) => readdirSync(directory, { recursive: true }).map(String))
      .filter((name) => name.endsWith('columns.txt')).length;
  } catch {
    return 0;
  }
}

/** Files of copies that are not in their place. */
function unfinishedIn(path: string): readonly string[] {
  const { coldDirectory, archiveDirectory } = placesIn(path);
  return [coldDirectory, archiveDirectory].flatMap((directory) =>
    readdirSync(directory, { recursive: true })
      .map(String)
      .filter((name) => name.includes('/moving/')),
  );
}

async function killedAt(path: string, parts: number): Promise<void> {
  const { coldDirectory, archiveDirectory } = placesIn(path);
  const mover: ChildProcess = spawn(process.execPath, [child, path], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(mover, 'exit');
  let said = '';
  mover.stderr!.on('data', (text: Buffer) => {
    said += String(text);
  });
  try {
    while (partsIn(coldDirectory, archiveDirectory) < parts) {
      if (mover.exitCode !== null) throw new Error(`The mover has ended by itself: ${said}`);
      await sleep(1);
    }
  } finally {
    mover.kill('SIGKILL');
    await ended;
  }
}

test('killed while parts are moved, every row is there once, and the moves go on', { timeout: 120_000 }, async () => {
  await withDirectory(async (path) => {
    let store = await openTiered(path, {});
    // Two parts of each month, the later one of 13 months ago and the other of 4.
    for (const [age, from] of [
      [4, 0],
      [13, ROWS / 2],
    ] as const) {
      await store.clickhouse.command(
        `INSERT INTO headrace.transactions_rows (transaction_id, account_id, sequence, occurred_at, description, recorded_at)
         SETTINGS max_partitions_per_insert_block = 0
         SELECT concat('t', toString(number)), 'a', number, toDateTime64('2020-01-05', 3, 'UTC') + toIntervalMonth(number % ${MONTHS}),
           hex(randomString(40)), now() - toIntervalMonth(${age}) FROM numbers(${from}, ${ROWS / 2})`,
      );
    }
    const digest = 'SELECT count(), sum(sequence), groupBitXor(sipHash64(*)) FROM transactions';
    const before = await readText(store.clickhouse, digest, { format: 'CSV' });
    expect(before).toMatch(new RegExp(`^${ROWS},${(ROWS * (ROWS - 1)) / 2},`));
    await store.close();
    for (const parts of [1, 2, 5, 9, 14]) await killedAt(path, parts);
    store = await openTiered(path, placesIn(path));
    try {
      expect(await readText(store.clickhouse, digest, { format: 'CSV' })).toBe(before);
      await eventually(async () => {
        const { transactions_rows: tiers } = await tiersOf(store.clickhouse, 'transactions_rows');
        expect(tiers?.hot).toBeUndefined();
        expect(unfinishedIn(path)).toEqual([]);
        expect((tiers?.cold ?? 0) + (tiers?.archive ?? 0)).toBe(ROWS);
      });
      expect(await readText(store.clickhouse, digest, { format: 'CSV' })).toBe(before);
    } finally {
      await store.close();
    }
  });
});
