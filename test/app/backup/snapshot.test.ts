import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Snapshots } from '../../../src/app/backup/snapshot.ts';
import { MIGRATIONS } from '../../../src/app/migrations.ts';
import { openEmbeddedClickHouse } from '../../../src/app/open-clickhouse.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { temporaryData } from '../temporary-node.ts';

/** Snapshots of a data directory with ClickHouse in it, and a sink that notes which cuts came through. */
async function snapshotsOf(beginMaxMs?: number) {
  const data = temporaryData();
  const directory = openDataDirectory(data, { clock: Date.now });
  const store = await openEmbeddedClickHouse(data, MIGRATIONS, Date.now);
  const snapshots = new Snapshots({
    directory,
    store: async () => store,
    clock: Date.now,
    ...(beginMaxMs === undefined ? {} : { beginMaxMs }),
  });
  onTestFinished(async () => {
    await snapshots.close();
    await store.close();
    await directory.close();
  });
  const written: number[] = [];
  const sink = snapshots.heldBack({
    topics: [],
    settle: async () => {},
    write: async ({ number }) => {
      written.push(number);
      return { rows: 0, deadLetters: [] };
    },
  });
  const write = (number: number) => sink.write({ sink: 'test', number, ranges: [] }, []);
  const frozen = () => readdirSync(join(data, 'snapshots'));
  return { snapshots, write, written, frozen };
}

it('holds the sink until the copy of the log has begun, and keeps the files until it is given back', async () => {
  const { snapshots, write, written, frozen } = await snapshotsOf();
  const snapshot = await snapshots.take();
  const writing = write(1);
  await sleep(300);
  expect(written).toEqual([]);
  const heldMs = await snapshot.begun();
  expect(heldMs).toBeGreaterThanOrEqual(250);
  await writing;
  expect(written).toEqual([1]);
  expect(await snapshot.begun()).toBe(heldMs);
  expect(readdirSync(snapshot.clickhouse).sort()).toEqual(['metadata', 'store']);
  await snapshot.release();
  await snapshot.release();
  expect(frozen()).toEqual([]);
});

it('lets the sink go on when the copy does not begin in time, and is void then', async () => {
  const { snapshots, write, written, frozen } = await snapshotsOf(200);
  const snapshot = await snapshots.take();
  await write(1);
  expect(written).toEqual([1]);
  await expect(snapshot.begun()).rejects.toMatchObject({
    code: 'NOT_RUNNING',
    message: expect.stringMatching(/did not begin within 0.2 s, .* Make the backup again/),
  });
  await snapshot.release();
  expect(frozen()).toEqual([]);
  // The next one is as if there had been none.
  const next = await snapshots.take();
  expect(await next.begun()).toBeLessThan(10_000);
  await sleep(300);
  expect(await next.begun()).toBeGreaterThanOrEqual(0);
  await next.release();
});

it('lets the sink go on when it is given back before the copy has begun, and when the node ends', async () => {
  const { snapshots, write, written } = await snapshotsOf();
  const given = await snapshots.take();
  const first = write(1);
  await given.release();
  await first;
  await expect(given.begun()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  const open = await snapshots.take();
  const second = write(2);
  await snapshots.close();
  await second;
  expect(written).toEqual([1, 2]);
  expect(existsSync(open.clickhouse)).toBe(false);
  await expect(open.begun()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  await expect(snapshots.take()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
});
