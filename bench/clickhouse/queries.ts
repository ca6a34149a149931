import type { Store } from '../../src/clickhouse/store.ts';
import { percentile } from '../statistics.ts';
import type { Filled } from './filled-store.ts';
import { QUESTIONS, type Question } from './questions.ts';
import { type AskedQuery, type RowsRead, recording, rowsRead } from './recording.ts';
import { drawSubjects, type Subject } from './subjects.ts';

export interface QueryMeasurement {
  readonly part: 'queries';
  readonly rows: number;
  readonly question: string;
  readonly runs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The engine's own count, over all queries of a question: the median, and the most. */
  readonly rowsRead: number;
  readonly rowsReadMax: number;
  readonly bytesRead: number;
  /** What a scan of the table reads, its milliseconds, and how many times as many rows that is. */
  readonly scanRows: number;
  readonly scanMs: number;
  readonly scanRatio: number;
}

/** A tenth as many runs come before those that count. */
const WARM_UP = 0.1;
/** Questions of which is counted what they read: more take long and tell the same. */
const COUNTED_MAX = 50;

/** Asks every question `runs` times about transactions drawn at random, and then once more what the engine reads for it. */
export async function measureQueries(
  { clickhouse }: Store,
  filled: Filled,
  runs: number,
): Promise<readonly QueryMeasurement[]> {
  const warmUp = Math.ceil(runs * WARM_UP);
  const subjects = await drawSubjects(clickhouse, filled.accounts, runs + warmUp);
  const measured: QueryMeasurement[] = [];
  for (const question of QUESTIONS) {
    const asked: AskedQuery[][] = [];
    const times: number[] = [];
    for (const subject of subjects) {
      const queries: AskedQuery[] = [];
      times.push(await timed(() => question.ask(recording(clickhouse, queries), subject)));
      asked.push(queries);
    }
    const counted = asked.slice(warmUp, warmUp + COUNTED_MAX);
    const read: RowsRead[] = [];
    for (const queries of counted) read.push(await sumRead({ clickhouse }, queries));
    measured.push({
      part: 'queries',
      rows: filled.rows,
      question: question.name,
      runs,
      ...timesOf(times.slice(warmUp)),
      rowsRead: percentile(
        read.map(({ rows }) => rows),
        50,
      ),
      rowsReadMax: Math.max(...read.map(({ rows }) => rows)),
      bytesRead: percentile(
        read.map(({ bytes }) => bytes),
        50,
      ),
      ...(await scan({ clickhouse }, question, subjects[0]!, read)),
    });
  }
  return measured;
}

async function sumRead({ clickhouse }: Pick<Store, 'clickhouse'>, queries: readonly AskedQuery[]): Promise<RowsRead> {
  let [rows, bytes] = [0, 0];
  for (const query of queries) {
    const read = await rowsRead(clickhouse, query);
    rows += read.rows;
    bytes += read.bytes;
  }
  return { rows, bytes };
}

/** A condition that no key helps with reads all rows, of its one column. */
async function scan(
  { clickhouse }: Pick<Store, 'clickhouse'>,
  { table }: Question,
  { accountId }: Subject,
  read: readonly RowsRead[],
) {
  const sql = `SELECT count() FROM headrace.${table} WHERE reverse(account_id) = reverse({account:String})`;
  const query = { sql, options: { parameters: { account: accountId } } };
  let scanned = 0;
  const scanMs = await timed(async () => {
    scanned = (await rowsRead(clickhouse, query)).rows;
  });
  const most = Math.max(...read.map(({ rows }) => rows));
  return { scanRows: scanned, scanMs: rounded(scanMs), scanRatio: rounded(scanned / most) };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}

function timesOf(times: readonly number[]) {
  return { p50Ms: rounded(percentile(times, 50)), p99Ms: rounded(percentile(times, 99)) };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
