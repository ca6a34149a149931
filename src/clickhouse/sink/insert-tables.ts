import { setImmediate as nextTurn } from 'node:timers/promises';
import type { InsertOptions } from '../clickhouse.ts';
import type { RefusedRecord } from './set-aside.ts';
import type { TableRows } from './table-rows.ts';

/** Inserts the rows of one table; returns the records that it refuses. */
export type InsertTable = (
  rows: TableRows,
  when: Required<Pick<InsertOptions, 'after' | 'signal'>>,
) => Promise<readonly RefusedRecord[]>;

/**
 * Inserts into all tables of a cut, nothing before `checked` resolves, and has ended with all of them when it ends. A table that fails keeps
 * those from being sent that have not been, and it rejects with that failure.
 */
export async function insertTables(
  tables: readonly TableRows[],
  checked: Promise<void>,
  insert: InsertTable,
): Promise<readonly RefusedRecord[]> {
  const failed = new AbortController();
  // The longest first, so that what is inserted side by side ends at about the same time.
  const longestFirst = tables.toSorted((one, other) => other.byteLength - one.byteLength);
  const inserts = longestFirst.map(async (rows, at) => {
    // Rows are put in order and summed up table by table, with a turn for others in between.
    for (let turn = 0; turn < at; turn++) await nextTurn();
    try {
      failed.signal.throwIfAborted();
      return await insert(rows, { after: checked, signal: failed.signal });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  const ended = await Promise.allSettled(inserts);
  failed.signal.throwIfAborted();
  return ended.flatMap((each) => (each as PromiseFulfilledResult<readonly RefusedRecord[]>).value);
}
