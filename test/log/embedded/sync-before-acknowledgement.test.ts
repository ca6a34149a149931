import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileChild } from './child-process.ts';

/** Why no process can be traced here, null where one can. */
function whyNoTrace(): string | null {
  const tried = spawnSync('strace', ['-f', '-e', 'trace=write', process.execPath, '-e', '0'], { stdio: 'pipe' });
  if (tried.error !== undefined) return 'strace is not installed (Debian package strace)';
  return tried.status === 0 ? null : `strace may not trace here: ${String(tried.stderr).slice(-200)}`;
}

const reason = whyNoTrace();
const ROUNDS = 10;

describe.skipIf(reason !== null)(`under strace${reason === null ? '' : ` (${reason})`}`, () => {
  it('every acknowledgement comes after the sync of its commit', () => {
    const child = compileChild('committing-child');
    const folder = mkdtempSync(join(tmpdir(), 'headrace-strace-'));
    try {
      const trace = join(folder, 'trace');
      const calls = 'trace=openat,write,pwrite64,pwritev,fdatasync,fsync,msync';
      execFileSync(
        'strace',
        [
          '-f',
          '-y',
          '-s',
          '64',
          '-e',
          calls,
          '-o',
          trace,
          process.execPath,
          child.script,
          join(folder, 'data'),
          `${ROUNDS}`,
        ],
        {
          stdio: 'pipe',
        },
      );
      const lines = readFileSync(trace, 'utf8').split('\n');
      const ready = lines.findIndex((line) => line.includes('"ready\\n"'));
      expect(ready).toBeGreaterThan(0);
      // A commit is durable when its meta page is: that goes through a descriptor of its own, opened with O_DSYNC, after
      // the sync of the pages that it points to.
      const opened = lines.map((line) => /openat\(.*data\.mdb", [A-Z_|]*O_DSYNC.* = (\d+)</.exec(line)?.[1]);
      const metaDescriptor = opened.find((descriptor) => descriptor !== undefined);
      expect(metaDescriptor).toBeDefined();
      let unsynced = 0;
      let syncs = 0;
      let metaWrites = 0;
      let acknowledgements = 0;
      let isDurable = false;
      for (const line of lines.slice(ready + 1)) {
        const written = /pwrite(?:64|v)\((\d+)<[^>]*data\.mdb>/.exec(line)?.[1];
        if (written === metaDescriptor) {
          metaWrites++;
          isDurable = unsynced === 0 && syncs >= metaWrites;
        } else if (written !== undefined) {
          unsynced++;
          isDurable = false;
        } else if (/(fdatasync|fsync|msync)\(.*data\.mdb|msync\(/.test(line)) {
          unsynced = 0;
          syncs++;
        } else if (/write\(1.*"(append|commit) \d+\\n"/.test(line)) {
          acknowledgements++;
          expect(isDurable, `acknowledged before it was synced: ${line}`).toBe(true);
        }
      }
      expect(acknowledgements).toBe(ROUNDS * 6);
      expect(syncs).toBeGreaterThanOrEqual(ROUNDS * 2);
      expect(metaWrites).toBeGreaterThanOrEqual(ROUNDS * 2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      rmSync(child.folder, { recursive: true, force: true });
    }
  });
});
