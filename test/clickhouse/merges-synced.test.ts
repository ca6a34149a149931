import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../embedded-log.ts';
import { compile } from '../runtime/sink/compile.ts';
import { MIGRATIONS, withDirectory, withStore } from './temporary-store.ts';

const RUN_MS = 90_000;
const hasStrace = spawnSync('strace', ['-o', '/dev/null', process.execPath, '-e', '0']).status === 0;

test('every table syncs what is inserted and what is merged', async () => {
  await withStore(async ({ clickhouse }) => {
    const tables = await clickhouse.rows<{ readonly name: string; readonly engine_full: string }>(
      "SELECT name, engine_full FROM system.tables WHERE database = 'headrace' AND engine LIKE '%MergeTree'",
    );
    expect(tables.length).toBeGreaterThan(10);
    const settings = ['fsync_after_insert = 1', 'fsync_part_directory = 1', 'min_rows_to_fsync_after_merge = 1'];
    const without = tables.filter(({ engine_full }) => !settings.every((setting) => engine_full.includes(setting)));
    expect(without.map(({ name }) => name)).toEqual([]);
  });
});

// The parts that a merge was made of are removed at once: what it wrote is all there is.
test.skipIf(!hasStrace)(
  'a merged part is on disk before it takes the place of the others',
  async () => {
    const compiled = temporaryDirectory();
    try {
      await withDirectory(async (path) => {
        const trace = join(compiled.path, 'trace');
        const child = compile('test/clickhouse/merge-child.ts', compiled.path);
        const strace = ['-f', '-y', '-e', 'trace=fdatasync,fsync,rename', '-o', trace];
        const run = spawnSync('strace', [...strace, process.execPath, child, path, MIGRATIONS], {
          encoding: 'utf8',
          timeout: RUN_MS,
        });
        expect(run.stderr).toBe('');
        const lines = readFileSync(trace, 'utf8').split('\n');
        const renamed = lines.flatMap((line, at) => {
          const [, part] = /rename\(.*\/(tmp_merge_\w+)\//.exec(line) ?? [];
          return part === undefined ? [] : [{ part, at }];
        });
        expect(renamed.length).toBeGreaterThan(0);
        for (const { part, at } of renamed) {
          const synced = lines.findIndex((line) => line.includes('sync(') && line.includes(`${part}/data.bin`));
          expect([part, synced >= 0 && synced < at]).toEqual([part, true]);
        }
      });
    } finally {
      compiled.remove();
    }
  },
  RUN_MS,
);
