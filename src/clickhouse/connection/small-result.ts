import type { Session } from 'chdb';
import { errorMessage } from '../../error-message.ts';
import { type Guard, judgeRead, prepareSession } from './embedded-reader.ts';
import { engineCode } from './engine-error.ts';
import { queryNow } from './query-now.ts';
import type { ReadOrder } from './reader-messages.ts';

/** Of a result's columns. */
const SMALL_BYTES_MAX = 16 * 1024 * 1024;
const TOO_MANY_ROWS_OR_BYTES = 396;
/** The one format of small results: text in which the engine escapes NUL, behind which a result that is a text would be cut off. */
const SMALL_FORMAT = 'JSONEachRow';
/** What stands in a text for bytes that are no UTF-8. */
const REPLACEMENT = '\u{FFFD}';

/** The result of a read that is said to be small. */
export interface SmallResult {
  readonly format: string;
  readonly text: string;
}

/** Whether it is worth a try to have the result in one call. */
export function mayBeSmall({ options }: ReadOrder): boolean {
  return options.isSmall === true && (options.format ?? SMALL_FORMAT) === SMALL_FORMAT;
}

/**
 * Runs it in one call, on the thread that calls: what a stream costs beside (its end, and three ways through libuv's threads) is as much as
 * an eighth of a small query. Undefined where it must be streamed all the same: in another format, for more bytes than are small, and where
 * a text would not say exactly which bytes the engine made. The session is used up then: what a query made before it failed comes in front
 * of the session's next result (chdb 3.4.0).
 */
export async function readSmall(session: Session, guard: Guard, order: ReadOrder): Promise<SmallResult | undefined> {
  const { sql, format, isSelect, settings } = await judgeRead(session, guard, order);
  if (format !== SMALL_FORMAT || !isSelect) return undefined;
  const bytesMax = Number(settings.max_result_bytes ?? Number.POSITIVE_INFINITY);
  const own = {
    max_result_bytes: Math.min(bytesMax, SMALL_BYTES_MAX),
    // Threads for that are not worth their start.
    output_format_parallel_formatting: 0,
  };
  const { max_result_bytes: _, ...others } = settings;
  await prepareSession((set) => queryNow(session, set, 'TSV'), order.options.database, { ...own, ...others });
  try {
    const text = queryNow(session, sql, format);
    return text.includes(REPLACEMENT) ? undefined : { format, text };
  } catch (error) {
    const isTooLong = engineCode(error) === TOO_MANY_ROWS_OR_BYTES && /max bytes/.test(errorMessage(error).message);
    if (isTooLong && bytesMax > SMALL_BYTES_MAX) return undefined;
    throw error;
  }
}
