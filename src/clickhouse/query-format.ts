import type { ClickHouse, ReadOptions } from './clickhouse.ts';
import { ask, type Question } from './queries/ask.ts';

/** What `headrace query` prints: an object a line, a table for people, or CSV with a head. */
export type QueryOutput = 'json' | 'table' | 'csv';

export interface QueryOptions extends Pick<ReadOptions, 'parameters' | 'timeLimitSeconds' | 'signal'> {
  readonly output: QueryOutput;
  /** Colours in tables. */
  readonly isTerminal?: boolean;
}

/** A table shows no more rows; ClickHouse says below it that there are more. */
export const TABLE_ROWS_MAX = 10_000;

const FORMATS: Readonly<Record<QueryOutput, string>> = {
  json: 'JSONEachRow',
  table: 'PrettyCompactMonoBlock',
  csv: 'CSVWithNames',
};

/**
 * A reader's query, in SQL or by its name, as bytes to be written out as they come: results of json and csv are never held
 * whole. Amounts and 64-bit integers are exact. Rejects with QUERY_FAILED and ClickHouse's own text, perhaps after the
 * first chunks; for a name with what {@link ask} throws.
 */
export function runQuery(
  clickhouse: ClickHouse,
  query: string | Question,
  options: QueryOptions,
): AsyncIterable<Uint8Array> {
  const { output, isTerminal, ...rest } = options;
  const format = FORMATS[output];
  const settings = output === 'table' ? { settings: tableSettings(isTerminal ?? false) } : {};
  if (typeof query === 'string') return clickhouse.read(query, { ...rest, ...settings, format });
  const { parameters: _, ...asked } = rest;
  return ask(clickhouse, query, { ...asked, ...settings, format });
}

function tableSettings(isTerminal: boolean): Readonly<Record<string, number>> {
  return {
    output_format_pretty_color: isTerminal ? 1 : 0,
    output_format_pretty_row_numbers: 0,
    output_format_pretty_max_rows: TABLE_ROWS_MAX,
    output_format_pretty_display_footer_column_names: 0,
    output_format_pretty_single_large_number_tip_threshold: 0,
  };
}
