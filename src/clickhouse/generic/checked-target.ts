import { type ErrorCode, HeadraceError } from '../../errors.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { Cut, PreparedRows, SinkTarget, SinkWriteResult } from '../../runtime/sink/sink-target.ts';
import type { GenericTable } from './generic-table.ts';
import { type AskRows, existingTable, planTable, shownDifference } from './table-plan.ts';

/** After these the table may be what is wrong. */
const ABOUT_THE_TABLE: ReadonlySet<ErrorCode> = new Set(['CLICKHOUSE_FAILED', 'TABLE_MISMATCH']);

/**
 * The target of a generic sink. Before its first insert, and after each that failed, it looks whether the table is what the
 * topic needs: SINK_TABLE_DIFFERS (retriable) says what is missing or wrong. Nothing that happens to a table of the user's
 * ends the sink for good: its backlog stays in the log, and it goes on by itself once the table is right again.
 */
export class CheckedTarget implements SinkTarget {
  readonly topics: readonly string[];
  readonly prepare?: () => PreparedRows;
  readonly #target: SinkTarget;
  readonly #table: GenericTable;
  readonly #ask: AskRows;
  #isChecked = false;

  constructor(target: SinkTarget, table: GenericTable, ask: AskRows) {
    this.topics = target.topics;
    if (target.prepare !== undefined) this.prepare = () => target.prepare!();
    this.#target = target;
    this.#table = table;
    this.#ask = ask;
  }

  settle(cut: Cut): Promise<void> {
    return this.#target.settle(cut);
  }

  async write(cut: Cut, batches: readonly RecordBatch[], prepared?: PreparedRows): Promise<SinkWriteResult> {
    if (!this.#isChecked) await requireTable(this.#ask, this.#table);
    this.#isChecked = true;
    try {
      return await this.#target.write(cut, batches, prepared);
    } catch (error) {
      this.#isChecked = false;
      if (!(error instanceof HeadraceError) || !ABOUT_THE_TABLE.has(error.code)) throw error;
      // A table that was dropped or changed under the insert says more than ClickHouse does.
      await requireTable(this.#ask, this.#table);
      throw new HeadraceError(error.code, error.message, { cause: error, where: error.where, retriable: true });
    }
  }
}

/** Throws SINK_TABLE_DIFFERS (retriable) for a table that can't take the topic's rows as it is. */
export async function requireTable(ask: AskRows, table: GenericTable): Promise<void> {
  const difference = shownDifference(planTable(table, await existingTable(ask, table.name)));
  if (difference !== undefined) {
    throw new HeadraceError('SINK_TABLE_DIFFERS', difference, { retriable: true, where: { topic: table.topic } });
  }
}
