import type { ClickHouse } from '../../src/clickhouse/clickhouse.ts';
import type { Store } from '../../src/clickhouse/store.ts';
import { median, percentile } from '../statistics.ts';
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
/** Questions about all accounts read whole months: fewer runs tell enough. */
const ABOUT_ALL_TIMES_FEWER = 20;

/** Asks every question `runs` times about transactions drawn at random, and then once more what the engine reads for it. */
export async function measureQueries(
  { clickhouse }: Store,
  filled: Filled,
  runs: number,
): Promise<readonly QueryMeasurement[]> {
  const subjects = await drawSubjects(clickhouse, filled.accounts, runs + warmUpOf(runs));
  const measured: QueryMeasurement[] = [];
  for (const question of QUESTIONS) {
    const own = question.isAboutAll === true ? Math.ceil(runs / ABOUT_ALL_TIMES_FEWER) : runs;
    const figures = await measureQuestion(clickhouse, question, subjects.slice(0, own + warmUpOf(own)), own);
    measured.push({ part: 'queries', rows: filled.rows, question: question.name, runs: own, ...figures });
  }
  return measured;
}

const warmUpOf = (runs: number) => Math.ceil(runs * WARM_UP);

/** Of the subjects the last `runs` count. */
async function measureQuestion(
  clickhouse: ClickHouse,
  question: Question,
  subjects: readonly Subject[],
  runs: number,
): Promise<Omit<QueryMeasurement, 'part' | 'rows' | 'question' | 'runs'>> {
  const asked: AskedQuery[][] = [];
  const times: number[] = [];
  for (const subject of subjects) {
    const queries: AskedQuery[] = [];
    times.push(await timed(() => question.ask(recording(clickhouse, queries), subject)));
    asked.push(queries);
  }
  const read: RowsRead[] = [];
  for (const queries of asked.slice(-runs).slice(0, COUNTED_MAX)) read.push(await sumRead(clickhouse, queries));
  const rows = read.map((each) => each.rows);
  const bytes = read.map((each) => each.bytes);
  return {
    ...timesOf(times.slice(-runs)),
    rowsRead: median(rows),
    rowsReadMax: Math.max(...rows),
    bytesRead: median(bytes),
    ...(await scan(clickhouse, question, subjects[0]!, Math.max(...rows))),
  };
}

async function sumRead(clickhouse: ClickHouse, queries: readonly AskedQuery[]): Promise<RowsRead> {
  let [rows, bytes] = [0, 0];
  for (const query of queries) {
    const read = await rowsRead(clickhouse, query);
    rows += read.rows;
    bytes += read.bytes;
  }
  return { rows, bytes };
}

/** A condition that no key helps with reads all rows, of its one column. */
async function scan(clickhouse: ClickHouse, { table }: Question, { accountId }: Subject, rowsReadMax: number) {
  const sql = `SELECT count() FROM headrace.${table} WHERE reverse(account_id) = reverse({account:String})`;
  const query = { sql, options: { parameters: { account: accountId } } };
  let scanRows = 0;
  const scanMs = await timed(async () => {
    scanRows = (await rowsRead(clickhouse, query)).rows;
  });
  return { scanRows, scanMs: rounded(scanMs), scanRatio: rounded(scanRows / rowsReadMax) };
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
