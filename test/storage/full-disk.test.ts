import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import { codeOf, drain, readAll, record, topic } from '../conformance/log/log-under-test.ts';

const mountPoint = mkdtempSync(join(tmpdir(), 'headrace-full-'));

function tryMount(): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'none', mountPoint], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const notMounted = tryMount();
if (notMounted !== null) rmSync(mountPoint, { recursive: true });

describe.skipIf(notMounted !== null)(
  `a full disk${notMounted === null ? '' : ` (needs the right to mount: ${notMounted})`}`,
  () => {
    let log: EmbeddedLog;
    beforeAll(async () => {
      log = new EmbeddedLog({
        directory: openDataDirectory(join(mountPoint, 'data'), { clock: Date.now }),
        clock: Date.now,
      });
      await log.createTopics([topic('t')]);
    });
    afterAll(async () => {
      await log.close();
      execFileSync('umount', [mountPoint]);
      rmSync(mountPoint, { recursive: true });
    });

    it('on which a data directory is opened first says so', () => {
      const ballast = join(mountPoint, 'ballast');
      try {
        expect(() => writeFileSync(ballast, Buffer.alloc(4_000_000))).toThrow(/ENOSPC/);
        expect(() => openDataDirectory(join(mountPoint, 'another'), { clock: Date.now })).toThrow(
          expect.objectContaining({ code: 'STORAGE_FULL' }),
        );
      } finally {
        unlinkSync(ballast);
      }
    });

    it('refuses commits with STORAGE_FULL, keeps what was acknowledged, and goes on when there is room', async () => {
      const ballast = join(mountPoint, 'ballast');
      writeFileSync(ballast, Buffer.alloc(1_000_000));
      const member = await log.join({ group: 'g', member: 'm', topicSets: [['t']] });
      const { epoch } = await drain(member);
      const acknowledged: string[] = [];
      const append = async (i: number) => {
        await log.append([record('t', `${i}`, 'x'.repeat(20_000))]);
        acknowledged.push(`${i}`);
      };
      let code: unknown = 'no error';
      for (let i = 0; i < 500 && code === 'no error'; i++) code = await codeOf(append(i));
      expect(code).toBe('STORAGE_FULL');
      expect(acknowledged.length).toBeGreaterThan(10);
      const stateOf = () => member.state.partition('s', 0).get('k');
      const big = {
        epoch,
        records: [],
        offsets: [{ topic: 't', partition: 0, offset: 1 }],
        stateChanges: [{ store: 's', partition: 0, entries: [['k', Buffer.alloc(500_000)]] as const }],
      };
      const refused = await log.append([record('t', 'k', 'x'.repeat(200_000))]).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'STORAGE_FULL', retriable: true });
      expect(await codeOf(member.commit(big))).toBe('STORAGE_FULL');
      expect([stateOf(), await log.committedOffsets('g')]).toEqual([undefined, []]);
      expect((await readAll(log, 't')).map((text) => text.split(/[ =]/)[1])).toEqual(acknowledged);

      unlinkSync(ballast);
      await append(9_999);
      await member.commit(big);
      expect(stateOf()?.length).toBe(500_000);
      await log.close();
      log = new EmbeddedLog({
        directory: openDataDirectory(join(mountPoint, 'data'), { clock: Date.now }),
        clock: Date.now,
      });
      expect((await readAll(log, 't')).map((text) => text.split(/[ =]/)[1])).toEqual(acknowledged);
      expect(await log.committedOffsets('g')).toEqual([{ topic: 't', partition: 0, offset: 1 }]);
    });
  },
);
