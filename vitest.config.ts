import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      'headrace/embedded': here('src/app/embedded/index.ts'),
      'headrace/kafka': here('src/log/kafka/client/index.ts'),
      'headrace/queries': here('src/clickhouse/queries/index.ts'),
      'headrace/testing': here('src/testing/index.ts'),
      headrace: here('src/index.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/kafka/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // LMDB and the embedded ClickHouse are native and hold one data directory per process.
    pool: 'forks',
    // Much of a test's time is waiting for a disk or a process.
    maxWorkers: 2,
  },
});
