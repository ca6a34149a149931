import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type BackupOptions, makeBackup } from '../../../src/app/backup/make-backup.ts';
import { checkBackup, restoreBackup } from '../../../src/app/backup/restore-backup.ts';
import type { Snapshot } from '../../../src/app/backup/snapshot.ts';
import type { LocalNode } from '../../../src/app/local-node.ts';
import { readJsonRows } from '../../../src/app/query-rows.ts';
import { reconcileAtRest } from '../../../src/app/reconcile/reconcile.ts';
import { freezeEmbedded } from '../../../src/clickhouse/freeze.ts';
import { tierSettings } from '../../../src/clickhouse/tiers/tier-settings.ts';
import { readOwner, UNFINISHED_RESTORE } from '../../../src/storage/data-directory.ts';
import { openTemporaryNode, temporaryData, transaction } from '../temporary-node.ts';

const RELEASE = '0.1.0';
const never = new AbortController().signal;
const run = (node: Pick<LocalNode, 'snapshot'>, data: string, to: string, more: Partial<BackupOptions> = {}) =>
  makeBackup({ node, dataDirectory: data, to, clock: Date.now, release: RELEASE, signal: never, ...more });
const restore = (from: string, dataDirectory: string, signal = never) =>
  restoreBackup({ from, dataDirectory, release: RELEASE, signal });
const check = (from: string) => checkBackup({ from, release: RELEASE, signal: never });
const flip = (path: string, at = 0) => {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
};
const countIn = async (node: LocalNode) =>
  Number((await readJsonRows<{ n: string }>(node, 'SELECT count() AS n FROM headrace.transactions'))[0]?.n);

/** A node with forty transactions posted, and a backup of it. */
async function backedUp() {
  const data = temporaryData();
  const to = join(data, '..', 'backup');
  const node = await openTemporaryNode(data);
  await node.append(Array.from({ length: 40 }, (_, i) => transaction(`A-${i % 4}`, `t${i}`)));
  await node.drain();
  const summary = await run(node, data, to);
  return { data, to, node, summary };
}

describe('a backup and its restoration', () => {
  it('bring everything to another directory, which agrees and goes on', async () => {
    const { data, to, node, summary } = await backedUp();
    expect(summary).toMatchObject({ to, sinkCut: expect.any(Number), records: expect.any(Number) });
    expect(readdirSync(to).sort()).toEqual(['clickhouse', 'log', 'manifest.json']);
    expect(statSync(join(to, 'log', 'data.mdb')).mode & 0o077).toBe(0);
    expect(readdirSync(join(data, 'snapshots'))).toEqual([]);
    // What comes afterwards is not in it.
    await node.append([transaction('A-0', 'later')]);
    await node.drain();

    const restored = join(data, '..', 'restored');
    const manifest = await restore(to, restored);
    expect(manifest.point.groups).toContainEqual(
      expect.objectContaining({ group: 'clickhouse', topic: 'ledger.transactions' }),
    );
    expect(readdirSync(restored).sort()).toEqual(['clickhouse', 'log']);
    // Nobody owns it, although the original lives; else commands would ask that one.
    expect(await readOwner(restored)).toBeNull();
    expect(await countIn(node)).toBe(41);
    // One ClickHouse for each process.
    await node.close();
    const second = await openTemporaryNode(restored);
    await second.drain();
    expect(await reconcileAtRest(second)).toMatchObject({ agrees: true });
    expect(await countIn(second)).toBe(40);
    // The next cut has the number, and so the token, of one that the original wrote after the backup.
    await second.append([transaction('A-0', 'other'), transaction('A-9', 'another')]);
    await second.drain();
    expect(await reconcileAtRest(second)).toMatchObject({ agrees: true });
    expect(await countIn(second)).toBe(42);
  }, 60_000);

  it('bring what lies in other tiers as well, and leave nothing on their disks', async () => {
    const data = temporaryData();
    const [cold, archive] = [join(data, '..', 'cold'), join(data, '..', 'archive')];
    const tiers = tierSettings({ coldDirectory: cold, archiveDirectory: archive }, 'store');
    const node = await openTemporaryNode(data, { tiers });
    await node.append(Array.from({ length: 40 }, (_, i) => transaction(`A-${i % 4}`, `t${i}`)));
    await node.drain();
    const { clickhouse } = await node.store();
    for (const [table, tier] of [
      ['transactions_rows', 'cold'],
      ['postings_rows', 'archive'],
    ])
      await clickhouse.command(`ALTER TABLE headrace.${table} MOVE PARTITION ID '202601' TO VOLUME '${tier}'`);
    const to = join(data, '..', 'backup');
    await run(node, data, to);
    const shadows = () =>
      [cold, archive].flatMap((path) => readdirSync(join(path, 'shadow'))).filter((name) => name !== 'increment.txt');
    expect(shadows()).toEqual([]);
    // A process that is killed while it keeps a snapshot leaves all this.
    const dead = join(data, 'snapshots', 'dead', 'clickhouse');
    await freezeEmbedded(clickhouse, join(data, 'clickhouse'), dead, 'dead');
    expect(shadows()).toEqual(['dead', 'dead']);
    await node.close();
    const again = await openTemporaryNode(data);
    expect([shadows(), existsSync(dead)]).toEqual([[], false]);
    expect(await countIn(again)).toBe(40);
    await again.close();

    const restored = join(data, '..', 'restored');
    await restore(to, restored);
    // Neither the disks of the original nor others are needed.
    const second = await openTemporaryNode(restored);
    await second.drain();
    expect(await countIn(second)).toBe(40);
    expect(await reconcileAtRest(second)).toMatchObject({ agrees: true });
  }, 60_000);

  it('hold the sink between two inserts, and nothing else', async () => {
    const { data, node } = await backedUp();
    const appending = new AbortController();
    let appended = 0;
    const producer = (async () => {
      while (!appending.signal.aborted) {
        await node.append([transaction(`A-${appended % 7}`, `u${appended++}`)]);
        await sleep(1);
      }
    })();
    const restored: string[] = [];
    for (let i = 0; i < 2; i++) {
      const to = join(data, '..', `backup-${i}`);
      const before = appended;
      expect((await run(node, data, to)).sinkHeldMs).toBeLessThan(10_000);
      expect(appended).toBeGreaterThan(before);
      restored.push(join(data, '..', `restored-${i}`));
      await restore(to, restored[i]!);
    }
    appending.abort();
    await producer;
    await node.close();
    for (const each of restored) {
      const second = await openTemporaryNode(each);
      await second.drain();
      expect(await reconcileAtRest(second)).toMatchObject({ agrees: true });
      await second.close();
    }
  }, 120_000);

  it('leave nothing where it is interrupted, or the place has no room', async () => {
    const { data, node } = await backedUp();
    const interruption = new AbortController();
    const to = join(data, '..', 'interrupted');
    const onProgress = () => interruption.abort(new RangeError('stop'));
    await expect(run(node, data, to, { signal: interruption.signal, onProgress })).rejects.toThrow('stop');
    expect(existsSync(to)).toBe(false);
    expect(readdirSync(join(data, 'snapshots'))).toEqual([]);
  });

  it('leave nothing where the owner is gone meanwhile, or the copy of the log began too late', async () => {
    const { data, node } = await backedUp();
    const to = join(data, '..', 'lost');
    const lost = new AbortController();
    const losing = async (): Promise<Snapshot> => ({ ...(await node.snapshot()), lost: lost.signal });
    const onProgress = () => lost.abort(new RangeError('gone'));
    await expect(run({ snapshot: losing }, data, to, { onProgress })).rejects.toThrow('gone');
    expect(existsSync(to)).toBe(false);
    const late = async (): Promise<Snapshot> => {
      const snapshot = await node.snapshot();
      await snapshot.release();
      return snapshot;
    };
    await expect(run({ snapshot: late }, data, to)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    expect(existsSync(to)).toBe(false);
    expect(readdirSync(join(data, 'snapshots'))).toEqual([]);
    // The node is none the worse.
    await run(node, data, to);
    await check(to);
  });
});

describe('restoring', () => {
  it('refuses a flipped byte anywhere, a file cut short or missing, and leaves nothing', async () => {
    const { data, to } = await backedUp();
    const target = join(data, '..', 'restored');
    const part = readdirSync(to, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('data.bin'))!;
    for (const file of ['log/data.mdb', part]) {
      const path = join(to, file);
      const last = statSync(path).size - 1;
      for (const at of [0, Math.floor(last / 2), last]) {
        flip(path, at);
        for (const refused of [() => restore(to, target), () => check(to)]) {
          await expect(refused()).rejects.toMatchObject({
            code: 'BACKUP_INVALID',
            message: expect.stringContaining(`${file} does not fit its checksum`),
          });
        }
        expect(existsSync(target)).toBe(false);
        flip(path, at);
      }
    }
    await check(to);
    truncateSync(join(to, 'log', 'data.mdb'), 4_096);
    await expect(restore(to, target)).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
      message: expect.stringMatching(/has 4096 bytes rather than \d+\. Nothing was restored/),
    });
    expect(existsSync(target)).toBe(false);
  });

  it('refuses a directory in which something is, and takes an empty one', async () => {
    const { data, to } = await backedUp();
    await expect(restore(to, data)).rejects.toMatchObject({ code: 'BACKUP_TARGET_INVALID' });
    await expect(restore(to, join(to, 'manifest.json'))).rejects.toMatchObject({ code: 'BACKUP_TARGET_INVALID' });
    expect(readdirSync(data)).toContain('log');
  });

  it('that is interrupted leaves nothing, and one that was killed is begun anew', async () => {
    const { data, to } = await backedUp();
    const target = temporaryData();
    const interruption = new AbortController();
    interruption.abort(new RangeError('stop'));
    await expect(restore(to, target, interruption.signal)).rejects.toThrow('stop');
    expect(existsSync(target)).toBe(false);
    // As a kill between the two moves leaves it.
    await restore(to, target);
    mkdirSync(join(target, UNFINISHED_RESTORE));
    renameSync(join(target, 'log'), join(target, UNFINISHED_RESTORE, 'log'));
    await expect(openTemporaryNode(target)).rejects.toMatchObject({
      code: 'DATA_DIRECTORY_INVALID',
      message: expect.stringContaining('holds a restore that was cut short. Run "headrace restore" again'),
    });
    await restore(to, target);
    expect(readdirSync(target).sort()).toEqual(['clickhouse', 'log']);
    expect(existsSync(join(data, 'log'))).toBe(true);
  });
});
