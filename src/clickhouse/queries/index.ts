/**
 * The public list of headrace/queries, written by hand: the questions people ask, answered by ClickHouse.
 *
 * @module headrace/queries
 */
export type { CellValue, ReadOptions } from '../clickhouse.ts';
export { ask, askRows, type QueryReader, type Question } from './ask.ts';
export { type ConnectedStore, connectStore } from './connect-store.ts';
export type { NamedQuery, QueryColumn } from './named-query.ts';
export type { ParameterValue, QueryParameter } from './parameter.ts';
export {
  type BalanceAsOf,
  balanceAsOf,
  type DayPeriod,
  dailySummary,
  failedDispensesByTerminal,
  generalLedgerTotals,
  type LedgerCursor,
  type LedgerDay,
  type LedgerRow,
  largestCounterparties,
  lastTransactions,
  type Moment,
  monthlySummary,
  type Period,
  type ReferencedRow,
  type Statement,
  type StatementLine,
  type Sums,
  statement,
  type TerminalFailures,
  totalsByCurrencyAndChannel,
  transactionById,
  transactionsByReference,
  velocity,
} from './questions.ts';
export { namedQueries, namedQuery } from './registry.ts';
