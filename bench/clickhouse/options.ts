import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../numbers.ts';

export const PARTS = ['fill', 'queries', 'ingestion', 'freshness'] as const;
export type Part = (typeof PARTS)[number];

export const CLICKHOUSE_HELP = `npm run bench -- clickhouse [options]

The embedded ClickHouse, each part in a process of its own; a JSON line for each figure, progress on standard error, and a picture (SVG) of the
queries' times and rows read over the size of the table. Wrong results are errors, not figures.

  fill        N transactions of 24 months with all that belongs to them (look-ups, legs, daily sums, balances), made in the engine; 20 of
              each account in each month at every size, so the number of accounts is what grows; merged to one part a month. Bytes on disk of each transaction
  queries     each question about accounts and ids drawn at random: milliseconds as the caller sees them (p50, p99), and the engine's own
              count of rows and bytes read, beside those of a scan
  ingestion   the whole sink, from records in the embedded log (all the ledger's topics, in the mix that the ledger writes) to rows with their
              offsets committed, against INSERT SELECT of the same rows from a MergeTree into the same tables, in turn
  freshness   records arrive in the log at a fixed rate, and a reader's query asks every 20 ms how far each partition is to be seen. A record
              counts from the moment at which it was due to be sent until the query that first sees it has answered, so a process that can't
              keep up shows, and half of the pause between two queries is in it. The queries take their share of the machine. The first
              three seconds do not count

  --part NAME       ${PARTS.join(', ')}; repeatable (all)
  --rows N          transactions that are filled; repeatable (1000000 and 10000000; 100000000 takes half an hour and 20 GB)
  --keep DIR        keep the filled stores there, and use those that are there already
  --runs N          of each query, after a tenth as many that do not count; a twentieth of those about all accounts (200)
  --transactions N  of ingestion, about five records each (100000)
  --repeat N        pairs of runs of ingestion; the medians count (3)
  --rate N          records/s of freshness (20000)
  --seconds N       of freshness (20)
  --partitions N    of each topic, of ingestion and freshness (50)
  --picture FILE    where the picture goes (clickhouse-bench.svg)
  --directory DIR   where stores and logs are made (the system's temporary directory)
`;

export interface ClickHouseBenchOptions {
  readonly parts: readonly Part[];
  readonly rows: readonly number[];
  readonly keep: string | undefined;
  readonly runs: number;
  readonly transactions: number;
  readonly repeat: number;
  readonly recordsPerSecond: number;
  readonly seconds: number;
  readonly partitions: number;
  readonly picture: string;
  readonly directory: string;
}

/** Throws TypeError for what makes no sense, with what would. */
export function parseClickHouseOptions(args: readonly string[]): ClickHouseBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: 'string', multiple: true, default: [...PARTS] },
      rows: { type: 'string', multiple: true, default: ['1000000', '10000000'] },
      keep: { type: 'string' },
      runs: { type: 'string', default: '200' },
      transactions: { type: 'string', default: '100000' },
      repeat: { type: 'string', default: '3' },
      rate: { type: 'string', default: '20000' },
      seconds: { type: 'string', default: '20' },
      partitions: { type: 'string', default: '50' },
      picture: { type: 'string', default: 'clickhouse-bench.svg' },
      directory: { type: 'string', default: tmpdir() },
    },
  });
  const unknown = values.part.find((part) => !PARTS.includes(part as Part));
  if (unknown !== undefined) throw new TypeError(`There is no part ${unknown}; there are ${PARTS.join(', ')}.`);
  return {
    parts: PARTS.filter((part) => values.part.includes(part)),
    rows: values.rows.map((text) => wholeNumber('rows', text)).sort((one, other) => one - other),
    keep: values.keep,
    runs: wholeNumber('runs', values.runs),
    transactions: wholeNumber('transactions', values.transactions),
    repeat: wholeNumber('repeat', values.repeat),
    recordsPerSecond: wholeNumber('rate', values.rate),
    seconds: wholeNumber('seconds', values.seconds),
    partitions: wholeNumber('partitions', values.partitions),
    picture: values.picture,
    directory: values.directory,
  };
}
