import type { ClickHouse, ReadOptions } from '../clickhouse.ts';
import { isWholePage, LAST_TRANSACTIONS, type LedgerPlace, WINDOW_MONTHS } from './last-transactions.ts';
import { parametersFor } from './named-query.ts';
import type { ParameterValue } from './parameter.ts';
import { namedQuery } from './registry.ts';

/** A named query and its parameters. */
export interface Question {
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterValue | undefined>>;
}

/** What answers: any ClickHouse with Headrace's tables. */
export type QueryReader = Pick<ClickHouse, 'read'>;

/** A format that can be parsed line by line. */
const ROWS = 'JSONEachRow';

/** Money with its four decimals, and times as RFC 3339 writes them. */
const SETTINGS = { output_format_decimal_trailing_zeros: 1, date_time_output_format: 'iso' };

/** Questions that read some days of one account: to start a second thread takes longer than it saves. */
const ONE_THREAD: ReadonlySet<string> = new Set(['daily-summary', 'monthly-summary']);

/** Questions whose answers are small: their limit bounds them, or the days and currencies of one account. */
const SMALL: ReadonlySet<string> = new Set([
  LAST_TRANSACTIONS,
  'transaction-by-id',
  'transactions-by-reference',
  'daily-summary',
  'monthly-summary',
  'balance-as-of',
  'largest-counterparties',
  'velocity',
]);

/**
 * Answers a named query in any format. Throws QUERY_UNKNOWN and PARAMETER_INVALID before anything is asked, and what
 * `read` throws.
 */
export async function* ask(
  reader: QueryReader,
  { name, parameters: given }: Question,
  options: Omit<ReadOptions, 'parameters'> = {},
): AsyncIterable<Uint8Array> {
  const query = namedQuery(name);
  const parameters = parametersFor(query, given);
  const read = (more: Readonly<Record<string, string>> = {}, format = options.format) =>
    reader.read(query.sql, {
      ...options,
      ...(format === undefined ? {} : { format }),
      settings: { ...options.settings, ...SETTINGS, ...(ONE_THREAD.has(name) ? { max_threads: 1 } : {}) },
      parameters: { ...parameters, ...more },
      isSmall: SMALL.has(name),
    });
  const isWidened = name === LAST_TRANSACTIONS && given.months === undefined;
  yield* isWidened ? widened(read, { before: parameters.before!, limit: parameters.limit! }, options.format) : read();
}

/** All rows of a named query as objects; 64-bit integers and money are texts. */
export async function askRows<T>(
  reader: QueryReader,
  question: Question,
  options: Omit<ReadOptions, 'parameters' | 'format'> = {},
): Promise<readonly T[]> {
  return rowsIn<T>(await wholeOf(ask(reader, question, { ...options, format: ROWS })));
}

type Read = (more?: Readonly<Record<string, string>>, format?: string) => AsyncIterable<Uint8Array>;

/** Looks through more and more months, until what was found shows that it is all. */
async function* widened(
  read: Read,
  page: { readonly before: string; readonly limit: string },
  format = ROWS,
): AsyncIterable<Uint8Array> {
  for (const months of WINDOW_MONTHS) {
    const within = { months: String(months), dense: '1' };
    const found = await wholeOf(read(within, ROWS));
    const rows = rowsIn<LedgerPlace>(found);
    if (!isWholePage(rows, page)) continue;
    // The account may have gone on meanwhile: what is asked for again is this page.
    const before = String(BigInt(rows[0]!.sequence) + 1n);
    if (format === ROWS) yield found;
    else yield* read({ ...within, before });
    return;
  }
  yield* read();
}

async function wholeOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

function rowsIn<T>(bytes: Buffer): readonly T[] {
  // A line end within a text is escaped.
  return JSON.parse(`[${bytes.toString('utf8').trimEnd().replaceAll('\n', ',')}]`) as readonly T[];
}
