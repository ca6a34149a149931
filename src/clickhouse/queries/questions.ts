import { askRows, type QueryReader } from './ask.ts';

/** A moment: a Date, an RFC 3339 time with its zone, or a day, which means its midnight in UTC. */
export type Moment = Date | string;

/** A period by event time; what occurs at `until` is not in it. */
export interface Period {
  readonly from: Moment;
  readonly until: Moment;
}

/** Days as 2024-03-31; `until` is the day behind the last. */
export interface DayPeriod {
  readonly from: Date | string;
  readonly until: Date | string;
}

/** A transaction as the ledger posted it. Money is decimal text with four decimals, times are RFC 3339. */
export interface LedgerRow {
  readonly sequence: number;
  readonly transactionId: string;
  readonly occurredAt: string;
  readonly direction: 'credit' | 'debit';
  readonly amount: string;
  readonly currency: string;
  readonly balanceAfter: string;
  readonly availableAfter: string;
  readonly isOverdrawn: boolean;
  readonly kind: 'posting' | 'request';
  /** Empty where unknown, as the texts below. */
  readonly channel: string;
  readonly counterparty: string;
  readonly description: string;
  readonly reference: string;
}

/** Sums in one currency. */
export interface Sums {
  readonly currency: string;
  readonly credits: string;
  readonly debits: string;
  readonly transactionCount: number;
}

/** Where the next page of {@link lastTransactions} begins: the last row of the page before. */
export type LedgerCursor = Pick<LedgerRow, 'sequence' | 'occurredAt'>;

/**
 * The last transactions of an account in the order of its ledger, the newest first; all time is looked through, the newest
 * months first. Throws QUERY_FAILED, PARAMETER_INVALID, as all of these.
 *
 * ```ts
 * const page = await lastTransactions(store, { account: 'A-1', limit: 10 });
 * const next = await lastTransactions(store, { account: 'A-1', limit: 10, after: page.at(-1) });
 * ```
 */
export async function lastTransactions(
  store: QueryReader,
  {
    account,
    limit,
    after,
  }: { readonly account: string; readonly limit?: number; readonly after?: LedgerCursor | undefined },
): Promise<readonly LedgerRow[]> {
  const cursor = after === undefined ? {} : { before: after.sequence, near: after.occurredAt };
  const rows = await typedRows<LedgerRow>(store, 'last-transactions', { account, limit, ...cursor });
  return rows.map(({ lastSequence: _, ...row }: LedgerRow & { lastSequence?: number }) => row);
}

/** The transactions with an id: one, or several where several accounts have it. */
export function transactionById(
  store: QueryReader,
  parameters: { readonly transaction: string; readonly account?: string; readonly limit?: number },
): Promise<
  readonly (LedgerRow & {
    readonly accountId: string;
    readonly sourceTopic: string;
    readonly sourcePartition: number;
    readonly sourceOffset: number;
  })[]
> {
  return typedRows(store, 'transaction-by-id', parameters);
}

/** A transaction found by its reference. */
export type ReferencedRow = Omit<LedgerRow, 'availableAfter' | 'isOverdrawn' | 'kind'> & { readonly accountId: string };

/** The transactions that bear a reference, of all accounts, the newest first; `after` is the last row of the page before. */
export function transactionsByReference(
  store: QueryReader,
  {
    after,
    ...parameters
  }: {
    readonly reference: string;
    readonly limit?: number;
    readonly after?: Pick<ReferencedRow, 'occurredAt' | 'accountId' | 'sequence'> | undefined;
  },
): Promise<readonly ReferencedRow[]> {
  const cursor =
    after === undefined
      ? {}
      : { before: after.occurredAt, before_account: after.accountId, before_sequence: after.sequence };
  return typedRows(store, 'transactions-by-reference', { ...parameters, ...cursor });
}

/** Credits, debits and number of an account for each day with transactions, by the bank's own days. */
export function dailySummary(
  store: QueryReader,
  parameters: DayPeriod & { readonly account: string },
): Promise<readonly (Sums & { readonly day: string })[]> {
  return typedRows(store, 'daily-summary', parameters);
}

/** The same for each month, as 2024-03; only days within the period count. */
export function monthlySummary(
  store: QueryReader,
  parameters: DayPeriod & { readonly account: string },
): Promise<readonly (Sums & { readonly month: string; readonly activeDays: number })[]> {
  return typedRows(store, 'monthly-summary', parameters);
}

/** The balance of an account at a moment, in one of its currencies. */
export interface BalanceAsOf {
  readonly currency: string;
  /** By event time: the sum of all that had occurred by then, also of what was entered late. */
  readonly balance: string;
  /** By the ledger: booked after the last of these transactions by sequence. */
  readonly balanceAfter: string;
  readonly lastSequence: number;
  readonly lastOccurredAt: string;
  readonly transactionCount: number;
}

/** The balance of an account at a moment, in each currency that it had by then. */
export function balanceAsOf(
  store: QueryReader,
  parameters: { readonly account: string; readonly moment: Moment },
): Promise<readonly BalanceAsOf[]> {
  return typedRows(store, 'balance-as-of', parameters);
}

/** A transaction on a statement: debits are below zero, `balance` is that after it. */
export interface StatementLine {
  readonly occurredAt: string;
  readonly sequence: number;
  readonly transactionId: string;
  readonly amount: string;
  readonly balance: string;
  readonly channel: string;
  readonly counterparty: string;
  readonly description: string;
  readonly reference: string;
}

/** The statement of an account for a period in one currency: `opening` and the amounts make `closing`. */
export interface Statement {
  readonly currency: string;
  readonly opening: string;
  readonly lines: readonly StatementLine[];
  readonly closing: string;
}

/** The statement of an account for a period, for each currency that it had by its end. All lines are held in memory. */
export async function statement(
  store: QueryReader,
  parameters: Period & { readonly account: string },
): Promise<readonly Statement[]> {
  type Row = StatementLine & { readonly currency: string; readonly line: string };
  const statements = new Map<string, { opening: string; lines: StatementLine[]; closing: string }>();
  for (const { currency, line, ...rest } of await typedRows<Row>(store, 'statement', parameters)) {
    const of = statements.get(currency) ?? { opening: '', lines: [], closing: '' };
    statements.set(currency, of);
    if (line === 'transaction') of.lines.push(rest);
    else of[line as 'opening' | 'closing'] = rest.balance;
  }
  return [...statements].map(([currency, of]) => ({ currency, ...of }));
}

/** With whom an account moved most in a period, in each currency; `moved` is credits and debits together. */
export function largestCounterparties(
  store: QueryReader,
  parameters: Period & { readonly account: string; readonly limit?: number },
): Promise<readonly (Sums & { readonly counterparty: string; readonly moved: string })[]> {
  return typedRows(store, 'largest-counterparties', parameters);
}

/** Totals of all accounts in a period, for each currency and channel. */
export function totalsByCurrencyAndChannel(
  store: QueryReader,
  parameters: Period,
): Promise<readonly (Sums & { readonly channel: string })[]> {
  return typedRows(store, 'totals-by-currency-and-channel', parameters);
}

/** What an account moved in the 1, 24 and 168 hours that end with a moment; a window without transactions has no row. */
export function velocity(
  store: QueryReader,
  parameters: { readonly account: string; readonly moment: Moment },
): Promise<readonly (Sums & { readonly hours: number })[]> {
  return typedRows(store, 'velocity', parameters);
}

/** Failed and doubtful dispenses of one kind and currency at a terminal. */
export interface TerminalFailures {
  readonly terminalId: string;
  readonly outcome: string;
  readonly currency: string;
  readonly failures: number;
  readonly amount: string;
  readonly taken: string;
  readonly lastOccurredAt: string;
  /** Of the terminal, of every kind. */
  readonly terminalFailures: number;
}

/** Failed and doubtful dispenses in a period, for each terminal or for one; terminals with most of them first. */
export function failedDispensesByTerminal(
  store: QueryReader,
  parameters: Period & { readonly terminal?: string },
): Promise<readonly TerminalFailures[]> {
  return typedRows(store, 'failed-dispenses-by-terminal', parameters);
}

/** What an account of the general ledger moved on a day (UTC) in one currency; the customers' stand together as `customer`. */
export interface LedgerDay {
  readonly day: string;
  readonly ledgerAccount: string;
  readonly currency: string;
  readonly credits: string;
  readonly debits: string;
  /** Credits less debits. */
  readonly balance: string;
  readonly postingCount: number;
}

/** Totals of the general ledger for each day, account and currency. */
export function generalLedgerTotals(store: QueryReader, parameters: DayPeriod): Promise<readonly LedgerDay[]> {
  return typedRows(store, 'general-ledger-totals', parameters);
}

/** Columns of 64-bit integers: numbers here, for none of them comes near 2^53. */
const NUMBERS: ReadonlySet<string> = new Set([
  'sequence',
  'last_sequence',
  'transaction_count',
  'active_days',
  'failures',
  'terminal_failures',
  'posting_count',
  'source_offset',
]);

async function typedRows<T>(
  store: QueryReader,
  name: string,
  parameters: Readonly<Record<string, Date | string | number | undefined>> | object,
): Promise<readonly T[]> {
  const rows = await askRows<Readonly<Record<string, unknown>>>(store, { name, parameters: { ...parameters } });
  // All rows have the same columns.
  const columns = Object.keys(rows[0] ?? {}).map((column) => ({
    column,
    name: column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    isNumber: NUMBERS.has(column),
  }));
  return rows.map((row) => {
    const typed: Record<string, unknown> = {};
    for (const { column, name, isNumber } of columns) typed[name] = isNumber ? Number(row[column]) : row[column];
    return typed as T;
  });
}
