import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { systemProcesses } from '../../../src/storage/process-identity.ts';
import { logConformance } from './log-conformance.ts';
import type { LogSettings, LogUnderTest } from './log-under-test.ts';

/** A copy of a directory names this living process as its owner; for the copy it counts as gone. */
const othersAreGone = { self: systemProcesses.self, isAlive: () => false };

async function open(settings: LogSettings = {}): Promise<LogUnderTest> {
  const parent = mkdtempSync(join(tmpdir(), 'headrace-log-'));
  let path = join(parent, '0');
  let copies = 0;
  const openLog = () =>
    new EmbeddedLog({
      directory: openDataDirectory(path, { clock: Date.now, processes: othersAreGone }),
      clock: () => under.nowMs,
      maintenanceIntervalMs: 0,
      compactionDirtyRecordsMin: 1,
      compactionIntervalMs: 0,
      ...settings,
    });
  const under: LogUnderTest = {
    nowMs: 1_700_000_000_000,
    log: undefined as never,
    async reopen() {
      await under.log.close();
      under.log = openLog();
    },
    /** What a kill leaves is what is in the files at that moment; a real kill is in test/log/embedded. */
    async crash() {
      const stopped = under.log;
      const from = path;
      path = join(parent, `${++copies}`);
      cpSync(from, path, { recursive: true });
      await stopped.close();
      under.log = openLog();
    },
    async dispose() {
      await under.log.close();
      rmSync(parent, { recursive: true, force: true });
    },
  };
  under.log = openLog();
  return under;
}

logConformance('embedded', open);
