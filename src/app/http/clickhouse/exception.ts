/** An error as ClickHouse's HTTP interface tells it. */
export interface ClickHouseException {
  /** ClickHouse's number, X-ClickHouse-Exception-Code. */
  readonly code: number;
  /** `Code: 60. DB::Exception: ... (UNKNOWN_TABLE)`. */
  readonly text: string;
  readonly status: number;
}

/** Of errors that are not ClickHouse's. */
const STD_EXCEPTION = 1001;
const INTERNAL_ERROR = 500;

/** As ClickHouse chooses them by an error's name; all others are 500. */
const NAMES: readonly (readonly [status: number, names: RegExp])[] = [
  [401, /^REQUIRED_PASSWORD$/],
  [403, /^(UNKNOWN_USER|WRONG_PASSWORD|AUTHENTICATION_FAILED|SET_NON_GRANTED_ROLE|ACCESS_DENIED)$/],
  [400, /^(BAD_ARGUMENTS|SYNTAX_ERROR|INCORRECT_DATA|TYPE_MISMATCH|VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE)$/],
  [400, /^CANNOT_(COMPILE_REGEXP|PARSE_(TEXT|ESCAPE_SEQUENCE|QUOTED_STRING|DATE|DATETIME|NUMBER|IPV4|IPV6|UUID))$/],
  [400, /^CANNOT_PARSE_(DOMAIN_VALUE_FROM_STRING|INPUT_ASSERTION_FAILED)$/],
  [400, /^(DUPLICATE_COLUMN|ILLEGAL_COLUMN|THERE_IS_NO_COLUMN|UNKNOWN_ELEMENT_IN_AST|UNKNOWN_TYPE_OF_AST_NODE)$/],
  [400, /^(TOO_DEEP_AST|TOO_BIG_AST|UNEXPECTED_AST_STRUCTURE)$/],
  [404, /^UNKNOWN_(TABLE|FUNCTION|IDENTIFIER|TYPE|STORAGE|DATABASE|SETTING|AGGREGATE_FUNCTION|FORMAT|ROLE)$/],
  [404, /^UNKNOWN_(DIRECTION_OF_SORTING|DATABASE_ENGINE|TYPE_OF_QUERY)$/],
  [408, /^TIMEOUT_EXCEEDED$/],
  [411, /^HTTP_LENGTH_REQUIRED$/],
  [413, /^QUERY_IS_TOO_LARGE$/],
  [415, /^UNSUPPORTED_MEDIA_TYPE$/],
  [501, /^NOT_IMPLEMENTED$/],
  // TOO_MANY_SIMULTANEOUS_QUERIES is 500 at ClickHouse: its clients try again after a 503.
  [503, /^(SOCKET_TIMEOUT|CANNOT_OPEN_FILE|CANNOT_SCHEDULE_TASK|TOO_MANY_SIMULTANEOUS_QUERIES)$/],
];

const OWN_TEXT = /Code:\s*(\d+)\.\s*DB::/;
const NAME = /\(([A-Z][A-Z0-9_]+)\)(?:\s*\(version [^()]*(?:\([^()]*\))?\))?\s*$/;

/** What a client is told of an error: ClickHouse's own text where there is one. */
export function exceptionOf(error: unknown): ClickHouseException {
  const message = error instanceof Error ? error.message : String(error);
  const own = OWN_TEXT.exec(message);
  if (own === null) {
    const text = `Code: ${STD_EXCEPTION}. DB::Exception: ${message} (STD_EXCEPTION)`;
    return { code: STD_EXCEPTION, status: INTERNAL_ERROR, text };
  }
  const text = message.slice(own.index).trimEnd();
  const name = NAME.exec(text)?.[1] ?? '';
  const status = NAMES.find(([, names]) => names.test(name))?.[0] ?? INTERNAL_ERROR;
  return { code: Number(own[1]), text, status };
}

const MARK = '__exception__';

/** Behind the bytes of a result that can't be completed: what tells clients that know X-ClickHouse-Exception-Tag what happened. */
export function exceptionTail({ text }: ClickHouseException, tag: string): string {
  const message = `${text}\n`;
  return `\r\n${MARK}\r\n${tag}\r\n${message}${Buffer.byteLength(message)} ${tag}\r\n${MARK}\r\n`;
}
