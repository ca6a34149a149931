import { expect, it } from 'vitest';
import { picture } from '../../../bench/clickhouse/picture.ts';
import type { QueryMeasurement } from '../../../bench/clickhouse/queries.ts';

function measured(question: string, rows: number, figures: Partial<QueryMeasurement>): QueryMeasurement {
  const none = { p50Ms: 1, p99Ms: 1, rowsRead: 1, rowsReadMax: 1, bytesRead: 1, scanRows: 1, scanMs: 1, scanRatio: 1 };
  return { part: 'queries', rows, question, runs: 1, ...none, ...figures };
}

it('draws each figure at its place between the powers of ten', () => {
  const drawn = picture([
    measured('one', 999_840, { p50Ms: 10, p99Ms: 100, rowsRead: 1_000, scanRows: 1_000_000 }),
    measured('one', 9_999_840, { p50Ms: 10, p99Ms: 1_000, rowsRead: 1_000, scanRows: 10_000_000 }),
  ]);
  const paths = [...drawn.matchAll(/<path d="(M[\d. ]+L[\d. ]+)"/g)].map(([, path]) => path);
  // From left to right, from below upwards: p50 and p99 over three decades of milliseconds, scan and rows read over four of rows.
  expect(paths).toEqual(['M60 280L420 280', 'M60 160L420 40', 'M510 100L870 40', 'M510 280L870 280']);
  const labels = [...drawn.matchAll(/>([\d.]+(?: [kMG])?)<\/text>/g)].map(([, label]) => label);
  expect(labels).toEqual(['1 M', '10 M', '10', '100', '1 k', '1 M', '10 M', '1 k', '10 k', '100 k', '1 M', '10 M']);
});

it('gives each question a colour of its own', () => {
  const names = Array.from({ length: 12 }, (_, index) => `question ${index}`);
  const drawn = picture(names.map((name) => measured(name, 1_000, {})));
  const colours = [...drawn.matchAll(/<rect [^>]*height="10" fill="([^"]+)"/g)].map(([, colour]) => colour);
  expect(new Set(colours).size).toBe(12);
});
