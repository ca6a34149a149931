import { availableParallelism } from 'node:os';
import { refusal } from './refusal.ts';

type Settings = Readonly<Record<string, string | number>>;

/**
 * What a reader may set: how results are written, how joins, NULLs and times are meant, and how much work is done at most.
 * Nothing that names a file, a host or a schema, holds SQL of its own (additional_table_filters), or gives rights.
 */
const ALLOWED = [
  /^output_format_(?!schema$)[a-z0-9_]+$/,
  /^format_(csv|tsv|custom|display|json|pretty)_[a-z0-9_]+$/,
  /^input_format_(?!avro_schema)[a-z0-9_]*(null|default|import|infer|skip|allow|use|try|read|parallel)[a-z0-9_]*$/,
  /^date_time_(input|output)_format$/,
  /^(join_algorithm|join_use_nulls|join_default_strictness|any_join_distinct_right_table_keys)$/,
  /^(aggregate_functions_null_for_empty|transform_null_in|group_by_use_nulls|union_default_mode|extremes|final)$/,
  /^(limit|offset|totals_mode|session_timezone|prefer_column_name_to_alias|asterisk_include_[a-z_]+)$/,
  /^(cast_[a-z0-9_]+|allow_experimental_(json|variant|dynamic)_type|enable_(json|variant|dynamic)_type)$/,
  /^(allow_suspicious_[a-z_]+|(allow|enable)_experimental_analyzer|enable_analyzer|short_circuit_function_evaluation)$/,
  /^(do_not_merge_across_partitions_select_final|optimize_[a-z0-9_]+|use_(skip_indexes|uncompressed_cache|query_condition_cache)[a-z_]*)$/,
  /^(result_overflow_mode|read_overflow_mode|group_by_overflow_mode|timeout_overflow_mode|preferred_block_size_bytes)$/,
];

/** A reader may ask for less than its limit, never for more; 0 would be none at all. */
const LIMITS: ReadonlySet<string> = new Set([
  'max_execution_time',
  'max_memory_usage',
  'max_result_rows',
  'max_result_bytes',
  'max_rows_to_read',
  'max_bytes_to_read',
  'max_rows_to_group_by',
  'max_rows_to_sort',
  'max_rows_in_join',
  'max_bytes_in_join',
  'max_block_size',
  'max_threads',
]);

/** About HTTP, logs and sessions: clients send them as a matter of course, and the engine in this process has no use for them. */
const TRANSPORT: ReadonlySet<string> = new Set([
  'wait_end_of_query',
  'buffer_size',
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_write_exception_in_output_format',
  'http_response_headers',
  'http_receive_timeout',
  'http_send_timeout',
  'add_http_cors_header',
  'cancel_http_readonly_queries_on_client_close',
  'log_queries',
  'log_comment',
  'send_logs_level',
  'session_check',
  'session_timeout',
  'stacktrace',
  'client_protocol_version',
  'receive_timeout',
  'send_timeout',
  'connect_timeout',
]);

/** What clients send with everything, and means nothing to one who reads. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'async_insert',
  'wait_for_async_insert',
  'insert_deduplicate',
  'use_query_cache',
  'readonly',
  // What our own connection to a server sends; a reader has it from us, and may not turn it on.
  'compile_aggregate_expressions',
]);

/**
 * The settings that a reader's own ones come to beside those that it has from us: all that it may not set throws QUERY_FAILED with
 * ClickHouse's READONLY. The engine itself cannot judge them: `readonly = 1` refuses every setting, and `readonly = 2` lets file() read.
 */
export function clientSettings(given: Readonly<Record<string, string>>, own: Settings): Settings {
  const settings: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name === 'readonly' && value !== '1' && value !== '2') throw readOnly(name);
    if (LIMITS.has(name)) settings[name] = limited(name, value, own);
    else if (ALLOWED.some((pattern) => pattern.test(name))) settings[name] = value;
    else if (!TRANSPORT.has(name) && !WITHOUT_EFFECT.has(name)) throw readOnly(name);
  }
  return settings;
}

/** Whether a setting is about HTTP, logs or sessions. */
export function isOfTransport(name: string): boolean {
  return TRANSPORT.has(name);
}

function limited(name: string, value: string, own: Settings): number {
  const asked = Number(value);
  if (value.trim() === '' || !(asked >= 0))
    throw refusal('CANNOT_PARSE_NUMBER', `Setting ${name} must be a number, not ${JSON.stringify(value)}`);
  const limit = name === 'max_threads' ? availableParallelism() : Number(own[name] ?? 0);
  if (limit === 0) return asked;
  return asked === 0 ? limit : Math.min(asked, limit);
}

function readOnly(name: string): Error {
  return refusal('READONLY', `Cannot modify '${name}' setting in readonly mode`);
}
