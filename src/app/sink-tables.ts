import { ledgerSinkTables } from '../../topologies/account-ledger/sink-tables.ts';
import { atmSinkTables } from '../../topologies/atm-dispense/sink-tables.ts';
import { reconciliationSinkTables } from '../../topologies/reconciliation/sink-tables.ts';
import { deadLetterTable } from '../clickhouse/dead-letter-table.ts';
import type { SinkTable } from '../clickhouse/sink-table.ts';
import { DEAD_LETTER_TOPICS } from './systems.ts';

const own: readonly SinkTable[] = [...ledgerSinkTables, ...atmSinkTables, ...reconciliationSinkTables];
const topics = new Set(own.map(({ topic }) => topic));

/** All that goes to ClickHouse. */
export const sinkTables: readonly SinkTable[] = [
  ...own,
  ...DEAD_LETTER_TOPICS.filter((topic) => !topics.has(topic)).map(deadLetterTable),
];

/** What one sink brings to ClickHouse. */
export interface SinkTables {
  /** Its group. */
  readonly name: string;
  readonly tables: readonly SinkTable[];
}
