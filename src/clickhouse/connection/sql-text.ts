import type { CellValue, Column, InsertOptions } from '../clickhouse.ts';
import { refusal } from './refusal.ts';

/** A string literal of ClickHouse's SQL; without NUL, at which one of the engine's calls takes a statement for ended. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Settings as SQL writes them: `a = 1, b = 'x'`. Throws QUERY_FAILED for a name that is none. */
export function settingsText(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => {
      if (!NAME.test(name)) throw refusal('BAD_ARGUMENTS', `${JSON.stringify(name)} is not the name of a setting`);
      return `${name} = ${typeof value === 'number' ? value : quoteText(value)}`;
    })
    .join(', ');
}

export function columnNames(columns: readonly Column[]): string {
  return columns.map((column) => `\`${column.name}\``).join(', ');
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r', '\0': '\\0' };

/**
 * Values for `{name:Type}` as settings of the session that runs the query alone. The engine's own binding is not used:
 * it mixes up the values of queries that run at the same time on different connections.
 */
export function parameterSettings(parameters: Readonly<Record<string, CellValue>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`param_${name}`, parameterText(value)]));
}

function parameterText(value: CellValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') return value.replaceAll(/[\\\n\t\r\0]/g, (character) => ESCAPES[character]!);
  return value instanceof Uint8Array || typeof value === 'object' ? listText(value) : String(value);
}

function listText(value: Uint8Array | readonly CellValue[]): string {
  if (value instanceof Uint8Array) return parameterText(Buffer.from(value).toString('utf8'));
  return `[${value.map((item) => (typeof item === 'string' ? quoteText(item) : parameterText(item))).join(', ')}]`;
}

/**
 * Settings that every insert of ours carries in its own SETTINGS, never in the session: there a token would leak into
 * the next insert and its rows would be dropped in silence. One thread and fixed block sizes make a repeated
 * insert split into the same blocks, for ClickHouse deduplicates block by block.
 */
export function insertSettings(
  token: string,
  { hasUniqueKeys = false }: Pick<InsertOptions, 'hasUniqueKeys'>,
): Readonly<Record<string, string | number>> {
  return {
    async_insert: 0,
    insert_deduplicate: 1,
    insert_deduplication_token: token,
    deduplicate_blocks_in_dependent_materialized_views: 1,
    materialized_views_ignore_errors: 0,
    // Rows of one key become one at the insert already. Where each has its own, that takes a quarter of the insert's time for nothing.
    optimize_on_insert: hasUniqueKeys ? 0 : 1,
    max_insert_threads: 1,
    max_threads: 1,
    max_block_size: 65_536,
    min_insert_block_size_rows: 1_048_576,
    min_insert_block_size_bytes: 1_073_741_824,
    // Loaded history spans many months, and each is a partition.
    max_partitions_per_insert_block: 0,
  };
}

/** Settings that every reader gets: no digit is lost in JSON, nothing runs or grows without end. */
export function readerSettings(timeLimitSeconds: number): Readonly<Record<string, string | number>> {
  return {
    output_format_json_quote_64bit_integers: 1,
    output_format_json_quote_decimals: 1,
    output_format_json_escape_forward_slashes: 0,
    do_not_merge_across_partitions_select_final: 1,
    // Compiled, min and max of a DateTime64 take times before 1970 for the latest of all (engine 26.7).
    compile_aggregate_expressions: 0,
    max_execution_time: timeLimitSeconds,
    max_memory_usage: READER_MEMORY_BYTES_MAX,
  };
}

/** Memory of one reader's query; above it ClickHouse ends the query with its own message. */
const READER_MEMORY_BYTES_MAX = 2 * 1024 ** 3;

export const TIME_LIMIT_SECONDS_DEFAULT = 60;
