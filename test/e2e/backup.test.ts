import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BackupSummary } from '../../src/app/backup/make-backup.ts';
import { endsWell, headrace, type RunningCommand, startHeadrace, workplace } from './headrace.ts';

const row = (transactionId: string) =>
  JSON.stringify({
    transactionId,
    accountId: 'A-1',
    direction: 'credit',
    amount: '10.00',
    currency: 'EUR',
    occurredAt: '2026-01-01',
    kind: 'posting',
  });

let place: ReturnType<typeof workplace>;
let running: RunningCommand[] = [];
beforeAll(() => {
  place = workplace();
});
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  running = [];
});
afterAll(() => place.remove());

/** A node under generated traffic, for so long. */
async function underLoad(data: string, loadMs: number): Promise<RunningCommand> {
  const node = startHeadrace(['start', '--rate', '400', '--port', '0', '--data', data]);
  running.push(node);
  await node.said('serving at');
  await sleep(loadMs);
  return node;
}

async function until(isSo: () => boolean): Promise<void> {
  for (const start = Date.now(); !isSo(); ) {
    if (Date.now() - start > 20_000) throw new RangeError('it never came');
    await sleep(2);
  }
}

async function expectReconciled(data: string): Promise<void> {
  const { status, out, err } = await headrace(['reconcile', '--data', data]);
  expect({ status, err }, out).toEqual({ status: 0, err: '' });
  expect(out).toMatch(/^Reconciled: log, state and ClickHouse agree on \d+/);
}

// Those take longer than `npm test` has elsewhere.
describe.runIf(process.env.CI !== undefined)('a drill', () => {
  it('backs up under load, restores elsewhere, agrees there and goes on', { timeout: 90_000 }, async () => {
    const [data, to, restored] = [place.file('live'), place.file('backup'), place.file('restored')];
    const node = await underLoad(data, 3_000);
    const backup = await headrace(['backup', '--to', to, '--json', '--data', data]);
    expect(backup).toMatchObject({ status: 0, err: '' });
    const summary = JSON.parse(backup.out) as BackupSummary;
    expect(summary.records).toBeGreaterThan(1_000);
    expect(summary.sinkCut).toBeGreaterThan(0);
    // It went on: what came in after the backup is in the original only.
    node.child.kill('SIGTERM');
    await endsWell(node);
    expect(existsSync(join(data, 'snapshots')) ? readdirSync(join(data, 'snapshots')) : []).toEqual([]);
    expect((await headrace(['restore', to, '--check'])).out).toMatch(/^The backup .* is whole: /);
    const restoring = await headrace(['restore', to, '--data', restored]);
    expect(restoring).toMatchObject({
      status: 0,
      err: '',
      out: expect.stringMatching(/^Restored into .*Next: headrace reconcile/s),
    });
    await expectReconciled(restored);
    const once = await headrace(['start', '--once', '--input', '-', '--data', restored], {
      stdin: row('after the restore'),
    });
    expect(once).toMatchObject({ status: 0, out: expect.stringMatching(/Reconciled/) });
    await expectReconciled(data);
  });

  it('in which the node is killed during the backup leaves none, and the next one is whole', {
    timeout: 90_000,
  }, async () => {
    const [data, to, restored] = [place.file('killed'), place.file('killed-backup'), place.file('killed-restored')];
    const node = await underLoad(data, 2_500);
    const backup = startHeadrace(['backup', '--to', to, '--data', data]);
    running.push(backup);
    await until(() => existsSync(join(to, 'unfinished.json')));
    node.child.kill('SIGKILL');
    const { status, err } = await backup.ended;
    expect(status).toBe(1);
    expect(err).toMatch(/\[REMOTE_FAILED\]$/m);
    expect(existsSync(to)).toBe(false);
    const again = await headrace(['backup', '--to', to, '--data', data]);
    expect(again, again.err).toMatchObject({ status: 0 });
    expect(again.out).toMatch(/^Backup .* MiB in \d+ files/);
    expect((await headrace(['restore', to, '--data', restored])).status).toBe(0);
    await expectReconciled(restored);
    await expectReconciled(data);
  });
});

describe.runIf(process.env.CI !== undefined)('a backup beside a running node', () => {
  it('that is killed, or interrupted, ends at once and leaves the node unharmed', { timeout: 120_000 }, async () => {
    const [data, to, restored] = [place.file('beside'), place.file('beside-backup'), place.file('beside-restored')];
    const node = await underLoad(data, 2_500);
    const copying = async () => {
      const backup = startHeadrace(['backup', '--to', to, '--data', data]);
      running.push(backup);
      // The copy that was killed is there until the next backup has removed it.
      const mark = join(to, 'unfinished.json');
      const isItsOwn = () => existsSync(mark) && readFileSync(mark, 'utf8').includes(`"pid":${backup.child.pid},`);
      await until(() => isItsOwn() && existsSync(join(to, 'log', 'data.mdb')));
      return backup;
    };
    const killed = await copying();
    killed.child.kill('SIGKILL');
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(join(to, 'unfinished.json'))).toBe(true);
    // The node still takes the one that was killed for alive; this one is not hindered.
    const interrupted = await copying();
    interrupted.child.kill('SIGINT');
    expect(await interrupted.ended).toMatchObject({
      signal: 'SIGINT',
      out: '',
      err: expect.stringMatching(/The backup was interrupted; nothing of it is left \[NOT_RUNNING\]$/m),
    });
    expect(readdirSync(to)).toEqual([]);
    expect(await headrace(['backup', '--to', to, '--data', data])).toMatchObject({ status: 0, err: '' });
    node.child.kill('SIGTERM');
    await endsWell(node);
    expect((await headrace(['restore', to, '--data', restored])).status).toBe(0);
    await expectReconciled(restored);
    await expectReconciled(data);
  });
});

describe('what is no whole backup', () => {
  let data: string;
  let sound: string;
  beforeAll(async () => {
    [data, sound] = [place.file('small'), place.file('small-backup')];
    const once = await headrace(['start', '--once', '--input', '-', '--data', data], { stdin: row('t1') });
    expect(once.status, once.err).toBe(0);
    const made = await headrace(['backup', '--to', sound, '--data', data]);
    expect(made.status, made.err).toBe(0);
  }, 60_000);

  /** A copy of the backup, to be damaged. */
  function copy(name: string): string {
    execFileSync('cp', ['-a', sound, place.file(name)]);
    return place.file(name);
  }

  async function expectRefused(from: string, message: RegExp): Promise<void> {
    const target = place.file('refused');
    for (const args of [['--data', target], ['--check']]) {
      expect(await headrace(['restore', from, ...args])).toMatchObject({
        status: 1,
        out: '',
        err: expect.stringMatching(message),
      });
    }
    expect(existsSync(target)).toBe(false);
  }

  it('is one whose making was killed; the next one to the same place clears it', async () => {
    const to = place.file('cut');
    const backup = startHeadrace(['backup', '--to', to, '--data', data]);
    running.push(backup);
    await until(() => existsSync(join(to, 'unfinished.json')));
    backup.child.kill('SIGKILL');
    await backup.ended;
    await expectRefused(to, /cut short, or is still being made.*\[BACKUP_INVALID\]/);
    expect(await headrace(['backup', '--to', to, '--data', data])).toMatchObject({ status: 0, err: '' });
    expect((await headrace(['restore', to, '--check'])).status).toBe(0);
  });

  it('is one without its manifest, with a file cut short or gone, or a flipped byte', async () => {
    const headless = copy('headless');
    rmSync(join(headless, 'manifest.json'));
    await expectRefused(headless, /it has no manifest\.json.*\[BACKUP_INVALID\]/);
    const short = copy('short');
    truncateSync(join(short, 'log', 'data.mdb'), 12_288);
    await expectRefused(short, /has 12288 bytes rather than \d+.*\[BACKUP_INVALID\]/);
    const flipped = copy('flipped');
    const log = readFileSync(join(flipped, 'log', 'data.mdb'));
    log[log.length >> 1]! ^= 0x10;
    writeFileSync(join(flipped, 'log', 'data.mdb'), log);
    await expectRefused(flipped, /log\/data\.mdb does not fit its checksum.*\[BACKUP_INVALID\]/);
    await expectRefused(place.file('nowhere'), /There is no backup .*\[INPUT_NOT_FOUND\]/);
  }, 60_000);

  it('is one of a newer version, which is told', async () => {
    const newer = copy('newer');
    const path = join(newer, 'manifest.json');
    const { sha256: _, ...manifest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const changed = { ...manifest, format: 2, headrace: '3.0.0' };
    const sha256 = createHash('sha256').update(JSON.stringify(changed)).digest('hex');
    writeFileSync(path, JSON.stringify({ ...changed, sha256 }));
    await expectRefused(
      newer,
      /has format 2, and this release \(.*\) reads up to 1\. Restore it with headrace 3\.0\.0 or later \[BACKUP_NEWER\]/,
    );
  });

  it('a target that is not empty, a directory that is not there, and a log on Kafka are refused', async () => {
    const refused = async (args: readonly string[], status: number, err: RegExp) =>
      expect(await headrace(args)).toMatchObject({ status, out: '', err: expect.stringMatching(err) });
    await refused(['backup', '--data', data], 2, /required option '--to <directory>'/);
    await refused(['backup', '--to', sound, '--data', data], 1, /is not empty\. .*\[BACKUP_TARGET_INVALID\]/);
    await refused(
      ['backup', '--to', join(data, 'x'), '--data', data],
      1,
      /inside of the data directory.*\[BACKUP_TARGET_INVALID\]/,
    );
    await refused(['restore', sound, '--data', data], 1, /is not empty\. .*\[BACKUP_TARGET_INVALID\]/);
    await refused(['backup', '--to', place.file('b'), '--data', place.file('none')], 1, /\[DATA_DIRECTORY_INVALID\]/);
    await refused(
      ['backup', '--to', place.file('b'), '--data', place.file('none'), '--kafka', 'localhost:1'],
      1,
      /With the log on Kafka .*\[BACKUP_UNSUPPORTED\]/,
    );
    expect([place.file('b'), place.file('none')].filter(existsSync)).toEqual([]);
  }, 60_000);

  it('a full disk is told, and what was written is removed', async () => {
    const mountPoint = place.file('tiny');
    mkdirSync(mountPoint);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'none', mountPoint], { stdio: 'pipe' });
    } catch {
      // Only who may mount can fill a disk of its own; test/storage/full-disk.test.ts says so as well.
      return;
    }
    try {
      expect(await headrace(['backup', '--to', mountPoint, '--data', data])).toMatchObject({
        status: 1,
        err: expect.stringMatching(/No room on disk.*\[STORAGE_FULL\]/),
      });
      expect(readdirSync(mountPoint)).toEqual([]);
      expect(await headrace(['restore', sound, '--data', mountPoint])).toMatchObject({
        status: 1,
        err: expect.stringMatching(/No room on disk.*\[STORAGE_FULL\]/),
      });
      expect(readdirSync(mountPoint)).toEqual([]);
    } finally {
      execFileSync('umount', [mountPoint]);
    }
  });
});
