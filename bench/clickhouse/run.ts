import { writeFileSync } from 'node:fs';
import { resultOf } from '../own-process.ts';
import type { ClickHouseJob } from './job.ts';
import { type Part, parseClickHouseOptions } from './options.ts';
import { picture } from './picture.ts';
import type { QueryMeasurement } from './queries.ts';

const RUN_MAX_MS = 4 * 3_600_000;

/** Resolves with the exit code; throws TypeError for options that are none. */
export async function runClickHouse(args: readonly string[]): Promise<number> {
  const options = parseClickHouseOptions(args);
  const done: object[] = [];
  const job = async (parts: readonly Part[], rows = 0) => {
    if (parts.length === 0) return;
    const given: ClickHouseJob = { parts, rows, options };
    for (const line of await resultOf<object[]>(new URL('job.js', import.meta.url), given, RUN_MAX_MS)) {
      process.stdout.write(`${JSON.stringify(line)}\n`);
      done.push(line);
    }
  };
  const onTables = options.parts.filter((part) => part === 'fill' || part === 'queries');
  for (const rows of onTables.length === 0 ? [] : options.rows) await job(onTables, rows);
  const queries = done.filter(isQuery);
  for (const line of growth(queries)) process.stdout.write(`${JSON.stringify(line)}\n`);
  if (queries.length > 0) {
    writeFileSync(options.picture, picture(queries));
    process.stderr.write(`The picture is in ${options.picture}\n`);
  }
  for (const part of ['ingestion', 'freshness'] as const) await job(options.parts.filter((each) => each === part));
  return 0;
}

function isQuery(line: object): line is QueryMeasurement {
  return (line as Partial<QueryMeasurement>).part === 'queries';
}

/** How many times as many rows each question reads in the greatest table as in the smallest. */
function growth(queries: readonly QueryMeasurement[]): readonly object[] {
  const [from, to] = [Math.min(...queries.map(({ rows }) => rows)), Math.max(...queries.map(({ rows }) => rows))];
  if (queries.length === 0 || from === to) return [];
  const readIn = (rows: number, question: string) =>
    queries.find((each) => each.rows === rows && each.question === question)!.rowsRead;
  return [...new Set(queries.map(({ question }) => question))].map((question) => ({
    part: 'growth',
    question,
    from,
    to,
    rowsReadTimes: Math.round((readIn(to, question) / readIn(from, question)) * 100) / 100,
  }));
}
