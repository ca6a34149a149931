import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { collectSeldom } from '../../src/app/garbage-collection.ts';
import { givenJob } from '../own-process.ts';
import { openFilled } from './filled-store.ts';
import { measureFreshness } from './freshness.ts';
import { measureIngestion } from './ingestion.ts';
import type { ClickHouseBenchOptions, Part } from './options.ts';
import { measureQueries } from './queries.ts';
import { storedBytes } from './stored-bytes.ts';

/** The engine holds one directory for each process, so each table size and each part has a process of its own. */
export interface ClickHouseJob {
  readonly parts: readonly Part[];
  /** Of filled tables. */
  readonly rows: number;
  readonly options: ClickHouseBenchOptions;
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

// As the command does.
collectSeldom();
const { parts, rows, options } = givenJob<ClickHouseJob>();
process.send!(await run());
process.disconnect();

async function run(): Promise<object[]> {
  if (parts.includes('ingestion')) return measureIngestion(options, say);
  if (parts.includes('freshness')) return measureFreshness(options, say);
  const { keep } = options;
  const own = keep === undefined ? mkdtempSync(join(options.directory, 'headrace-bench-')) : undefined;
  try {
    const { store, filled } = await openFilled(join(own ?? keep!, `rows-${rows}`), rows, say);
    try {
      const lines: object[] = [];
      if (parts.includes('fill'))
        lines.push({ part: 'fill', ...filled, ...(await storedBytes(store.clickhouse, filled.rows)) });
      if (parts.includes('queries')) lines.push(...(await measureQueries(store, filled, options.runs)));
      return lines;
    } finally {
      await store.close();
    }
  } finally {
    if (own !== undefined) rmSync(own, { recursive: true, force: true });
  }
}
