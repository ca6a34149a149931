import { type ErrorCode, HeadraceError } from '../../errors.ts';

/**
 * ClickHouse's codes for what no repetition mends: the statement, the schema or the rights are wrong. Everything else
 * (memory, disk, network, too many parts, timeouts) may pass.
 */
const LASTING_CODES: ReadonlySet<number> = new Set([
  10, // NOT_FOUND_COLUMN_IN_BLOCK
  16, // NO_SUCH_COLUMN_IN_TABLE
  20, // NUMBER_OF_COLUMNS_DOESNT_MATCH
  36, // BAD_ARGUMENTS
  42, // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
  43, // ILLEGAL_TYPE_OF_ARGUMENT
  44, // ILLEGAL_COLUMN
  46, // UNKNOWN_FUNCTION
  47, // UNKNOWN_IDENTIFIER
  50, // UNKNOWN_TYPE
  53, // TYPE_MISMATCH
  60, // UNKNOWN_TABLE
  62, // SYNTAX_ERROR
  81, // UNKNOWN_DATABASE
  115, // UNKNOWN_SETTING
  164, // READONLY
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  497, // ACCESS_DENIED
  516, // AUTHENTICATION_FAILED
]);

/** ClickHouse's number for an error, from the client's error object or from its text; undefined for other errors. */
export function engineCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const fields = error as { clickhouseCode?: unknown; code?: unknown; message?: unknown };
  if (typeof fields.clickhouseCode === 'number') return fields.clickhouseCode;
  if (typeof fields.code === 'string' && /^\d+$/.test(fields.code)) return Number(fields.code);
  const match = typeof fields.message === 'string' ? /^Code:\s*(\d+)\b/.exec(fields.message) : null;
  return match === null ? undefined : Number(match[1]);
}

/** An error of ClickHouse as one of ours, its own text and number kept; `doing` says what was tried. */
export function engineError(code: ErrorCode, error: unknown, doing?: string): HeadraceError {
  if (error instanceof HeadraceError) {
    if (doing === undefined) return error;
    return new HeadraceError(error.code, `${doing}: ${error.message}`, {
      retriable: error.retriable,
      cause: error,
      where: error.where,
    });
  }
  const number = engineCode(error);
  const message = error instanceof Error ? error.message : String(error);
  // The server's client takes the number out of the text.
  const text = number === undefined || message.includes('Code: ') ? message : `Code: ${number}. ${message}`;
  const retriable = code === 'CLICKHOUSE_FAILED' && (number === undefined || !LASTING_CODES.has(number));
  return new HeadraceError(code, doing === undefined ? text : `${doing}: ${text}`, { retriable, cause: error });
}
