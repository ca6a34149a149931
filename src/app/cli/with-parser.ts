import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouse } from '../../clickhouse/clickhouse.ts';
import type { Clock } from '../../clock.ts';
import { openEmbeddedClickHouse } from '../open-clickhouse.ts';

/** Runs `use` with ClickHouse's parser: the embedded engine, over a directory that goes with it. */
export async function withParser<T>(clock: Clock, use: (parser: ClickHouse) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-parser-'));
  try {
    const store = await openEmbeddedClickHouse(directory, undefined, clock);
    try {
      return await use(store.clickhouse);
    } finally {
      await store.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
