import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { withDirectory } from '../../clickhouse/temporary-store.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Ran {
  readonly status: number;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly stderr: string;
}

async function bench(...args: readonly string[]): Promise<Ran> {
  const command = [join(root, 'scripts/run.mjs'), 'bench/main.ts', 'clickhouse', ...args];
  const ran = await promisify(execFile)(process.execPath, command, { timeout: 170_000 }).then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ ...error, status: error.code }),
  );
  const lines = ran.stdout.trim() === '' ? [] : ran.stdout.trim().split('\n');
  return { status: ran.status, stderr: ran.stderr, lines: lines.map((line) => JSON.parse(line) as Ran['lines'][0]) };
}

describe('npm run bench -- clickhouse', () => {
  it('measures all parts, and draws the picture', { timeout: 180_000 }, async () => {
    await withDirectory(async (directory) => {
      const picture = join(directory, 'picture.svg');
      const sizes = ['--rows', '2000', '--rows', '10000', '--runs', '5', '--transactions', '2000', '--repeat', '1'];
      const ran = await bench(
        ...sizes,
        '--rate',
        '2000',
        '--seconds',
        '2',
        '--picture',
        picture,
        '--directory',
        directory,
      );
      expect(ran.status, ran.stderr).toBe(0);
      const of = (part: string) => ran.lines.filter((line) => line.part === part);

      expect(of('fill').map(({ rows }) => rows)).toEqual([1_920, 10_080]);
      for (const { bytesPerTransaction, totalBytesPerTransaction } of of('fill')) {
        const tables = Object.values(bytesPerTransaction as Readonly<Record<string, number>>);
        expect(tables.length).toBeGreaterThan(4);
        expect(tables.reduce((sum, bytes) => sum + bytes, 0)).toBeCloseTo(totalBytesPerTransaction as number, 0);
      }

      const questions = new Set(of('queries').map(({ question }) => question));
      expect([...questions]).toEqual(
        expect.arrayContaining(['last-transactions', 'transaction-by-id', 'daily-summary']),
      );
      expect(of('queries')).toHaveLength(2 * questions.size);
      for (const each of of('queries')) {
        expect(each.p99Ms).toBeGreaterThanOrEqual(each.p50Ms as number);
        expect(each.rowsRead).toBeGreaterThan(0);
      }
      const ids = of('queries').filter(({ question }) => question === 'transaction-by-id');
      expect(ids.map(({ scanRows }) => scanRows)).toEqual([1_920, 10_080]);
      expect(of('growth')).toHaveLength(questions.size);
      const drawn = readFileSync(picture, 'utf8');
      for (const question of questions) expect(drawn).toContain(`>${question}</text>`);

      const [ingestion] = of('ingestion');
      const { rows, records, sinkRowsPerSecond, insertSelectRowsPerSecond, ratio } = ingestion as Record<
        string,
        number
      >;
      expect(rows).toBe(records);
      expect(ratio).toBeCloseTo(sinkRowsPerSecond! / insertSelectRowsPerSecond!, 2);
      const [freshness] = of('freshness');
      const { transactions, p50Ms, p99Ms } = freshness as Record<string, number>;
      // Two seconds of 2,000 records, five of each transaction that is not refused.
      expect(transactions).toBeGreaterThan(600);
      expect(transactions).toBeLessThan(1_000);
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms!);
      expect(p50Ms).toBeGreaterThan(0);
    });
  });

  it('says what is wrong, and ends with 2', async () => {
    const unknown = await bench('--part', 'everything');
    // What is out of date is built first, and that is told as well.
    expect([unknown.status, unknown.stderr.trim().split('\n').at(-1), unknown.lines]).toEqual([
      2,
      'There is no part everything; there are fill, queries, ingestion, freshness.',
      [],
    ]);
    expect((await bench('--rows', '1e6')).status).toBe(2);
  });
});
