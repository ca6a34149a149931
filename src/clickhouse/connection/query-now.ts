import type { Session } from 'chdb';
import { HeadraceError } from '../../errors.ts';

/** What the engine's client puts before ClickHouse's text in this call alone. */
const FAILED = 'Query failed: ';

/**
 * The result of a statement as a text. Of both, what stands behind a NUL is missing. Nothing else happens on this thread meanwhile, and no
 * other thread is needed. Throws QUERY_FAILED with ClickHouse's own text.
 */
export function queryNow(session: Session, sql: string, format: string): string {
  try {
    return session.query(sql, format);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith(FAILED)) throw error;
    throw new HeadraceError('QUERY_FAILED', error.message.slice(FAILED.length), { cause: error });
  }
}
