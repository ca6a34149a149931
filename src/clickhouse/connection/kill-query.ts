import { Session } from 'chdb';
import { quoteText } from './sql-text.ts';

/**
 * Kills the query with this mark as its `log_comment` on the engine of the directory `path`: while it works on a chunk the engine looks
 * at nothing else. Never rejects: what can't be killed ends at its time limit.
 */
export async function killQuery(path: string, mark: string): Promise<void> {
  let session: Session | undefined;
  try {
    session = new Session(path);
    await session.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = ${quoteText(mark)} ASYNC`);
  } catch {
    // It has ended by itself.
  } finally {
    session?.close();
  }
}
