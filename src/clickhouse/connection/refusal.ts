import { HeadraceError } from '../../errors.ts';

/** ClickHouse's own numbers and names for what we refuse in its place. */
const CODES = {
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  CANNOT_PARSE_NUMBER: 72,
  READONLY: 164,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: 216,
  QUERY_IS_TOO_LARGE: 229,
  ACCESS_DENIED: 497,
  AUTHENTICATION_FAILED: 516,
  UNSUPPORTED_MEDIA_TYPE: 779,
} as const;

/** Of a query whose answer nobody wants any more. */
export function brokenOff(): HeadraceError {
  return new HeadraceError('QUERY_FAILED', 'The query was broken off');
}

/** What we may refuse in ClickHouse's name. */
export type Refusable = keyof typeof CODES;

/** QUERY_FAILED as ClickHouse would say it, with its number and name. */
export function refusal(
  name: Refusable,
  message: string,
  options: { readonly retriable?: boolean } = {},
): HeadraceError {
  return new HeadraceError('QUERY_FAILED', `Code: ${CODES[name]}. DB::Exception: ${message}. (${name})`, options);
}

/** What a ClickHouse that was closed answers. */
export function closed(): HeadraceError {
  return new HeadraceError('CLICKHOUSE_FAILED', 'ClickHouse is closed');
}
