import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../embedded-log.ts';
import { compile } from '../runtime/sink/compile.ts';
import { withDirectory } from './temporary-store.ts';

const UUID = '11111111-2222-4333-8444-555555555555';
const RUN_MS = 90_000;

/** Why no process can be traced here, null where one can. */
function whyNoTrace(): string | null {
  const tried = spawnSync('strace', ['-f', '-e', 'inject=rename:error=EIO:when=65000', process.execPath, '-e', '0'], {
    stdio: 'pipe',
  });
  if (tried.error !== undefined) return 'strace is not installed (Debian package strace)';
  return tried.status === 0 ? null : `strace may not trace here: ${String(tried.stderr).slice(-200)}`;
}

const reason = whyNoTrace();

describe.skipIf(reason !== null)(`under strace${reason === null ? '' : ` (${reason})`}`, () => {
  const compiled = temporaryDirectory();
  let child = '';

  beforeAll(() => {
    child = compile('test/clickhouse/life-child.ts', compiled.path);
  });
  afterAll(() => compiled.remove());

  const table = (path: string) => join(path, 'store', UUID.slice(0, 3), UUID);
  const run = (command: string, args: readonly string[]) =>
    spawnSync(command, args, { encoding: 'utf8', timeout: RUN_MS });
  /** A run in which the renaming of the insert's part does not happen, and something else does. */
  const runInjected = (path: string, instead: string) => {
    const part = join(table(path), 'tmp_insert_all_1_1_1');
    const at = ['-P', part, '-P', `${part}/`, '-e', 'trace=rename', '-e', `inject=rename:${instead}`];
    return run('strace', ['-f', '-o', '/dev/null', ...at, process.execPath, child, path, UUID]);
  };
  const tokens = (path: string) =>
    readdirSync(join(table(path), 'deduplication_logs'))
      .map((file) => readFileSync(join(table(path), 'deduplication_logs', file), 'utf8'))
      .join('');

  test('killed between the token in the log and the part in its place, the same cut brings the rows in', async () => {
    await withDirectory(async (path) => {
      const killed = runInjected(path, 'error=EIO:signal=SIGKILL');
      expect(killed.stdout).not.toContain('rows');
      // The token stands there, and the rows do not.
      expect(tokens(path)).toMatch(/^1\tall_1_1_1\t/m);
      expect(readdirSync(table(path))).not.toContain('all_1_1_1');
      const again = run(process.execPath, [child, path, UUID]);
      expect(again.stdout, again.stderr).toBe('rows 3\n');
    });
  });

  test('a disk that is full just there does not keep the rows out of the next try', async () => {
    await withDirectory(async (path) => {
      const failed = runInjected(path, 'error=ENOSPC:when=1');
      expect(failed.stdout, failed.stderr).toMatch(/failed .*\nrows 3\n$/s);
    });
  });
});
