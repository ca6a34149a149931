import { HeadraceError } from '../../errors.ts';
import { engineCode, engineError } from './engine-error.ts';

/** ClickHouse's codes for rows that it refuses: a constraint, a value that a column's type or expression does not take. */
const ROW_CODES: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  128, // TOO_LARGE_ARRAY_SIZE
  131, // TOO_LARGE_STRING_SIZE
  153, // ILLEGAL_DIVISION
  190, // SIZES_OF_ARRAYS_DONT_MATCH
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  376, // CANNOT_PARSE_UUID
  395, // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
  469, // VIOLATED_CONSTRAINT
  675, // CANNOT_PARSE_IPV4
  676, // CANNOT_PARSE_IPV6
  691, // UNKNOWN_ELEMENT_OF_ENUM
]);

/** Of a table that is not as it was: gone, or without a column. */
const TABLE_CODES: ReadonlySet<number> = new Set([
  8, // THERE_IS_NO_COLUMN
  10, // NOT_FOUND_COLUMN_IN_BLOCK
  16, // NO_SUCH_COLUMN_IN_TABLE
  20, // NUMBER_OF_COLUMNS_DOESNT_MATCH
  44, // ILLEGAL_COLUMN
  47, // UNKNOWN_IDENTIFIER
  53, // TYPE_MISMATCH
  60, // UNKNOWN_TABLE
  81, // UNKNOWN_DATABASE
  218, // TABLE_IS_DROPPED
]);

/** The same code as for a table with too many parts; a part of the rows is in fewer partitions. */
const TOO_MANY_PARTITIONS = /Too many partitions for single INSERT block/;
const IN_A_VIEW = /while pushing to (view [^\s(:]+?)(?=\.?(?:[\s(:]|$))|Target (table '[^']+' of view)/;

/**
 * A failed insert as an error that says what to do next. SINK_ROW_REFUSED: one of the rows is at fault, the others can go
 * in without it. VIEW_REFUSED (retriable): the rows are right, but a materialized view or its target does not take them.
 * TABLE_MISMATCH (retriable): the table is not the one that the rows are made for. CLICKHOUSE_FAILED: everything else,
 * retriable where it may pass.
 */
export function insertError(error: unknown, table: string): HeadraceError {
  const failed = engineError('CLICKHOUSE_FAILED', error, `Inserting into ${table}`);
  const number = codeWithin(error);
  if (number === undefined) return failed;
  const [, named, missing] = IN_A_VIEW.exec(failed.message) ?? [];
  const view = named ?? missing;
  const isOfRows = ROW_CODES.has(number) || TOO_MANY_PARTITIONS.test(failed.message);
  if (view !== undefined) {
    if (!isOfRows && failed.retriable) return failed;
    const message = `The ${view} refuses what ${table} takes. Mend the view or its target, or drop the view; the rows wait: ${failed.message}`;
    return new HeadraceError('VIEW_REFUSED', message, { retriable: true, cause: failed });
  }
  if (isOfRows) return new HeadraceError('SINK_ROW_REFUSED', failed.message, { cause: failed });
  if (!TABLE_CODES.has(number)) return failed;
  return new HeadraceError('TABLE_MISMATCH', failed.message, { retriable: true, cause: failed });
}

/**
 * Whether ClickHouse itself gave the insert up somewhere in the middle (a full disk, no memory): it may have noted the
 * token and not kept the rows, so that a repetition under the same token would be dropped in silence.
 */
export function leavesTokenInDoubt(error: HeadraceError): boolean {
  return error.code === 'CLICKHOUSE_FAILED' && error.retriable && codeWithin(error) !== undefined;
}

function codeWithin(error: unknown): number | undefined {
  for (let at: unknown = error; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    const number = engineCode(at);
    if (number !== undefined) return number;
  }
  return undefined;
}
