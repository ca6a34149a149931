import {
  balanceAsOf,
  dailySummary,
  failedDispensesByTerminal,
  generalLedgerTotals,
  largestCounterparties,
  lastTransactions,
  monthlySummary,
  type QueryReader,
  statement,
  totalsByCurrencyAndChannel,
  transactionById,
  transactionsByReference,
  velocity,
} from '../../src/clickhouse/queries/index.ts';
import { LAST_YEAR, MONTHS, monthStartMs, ROWS_A_MONTH } from './filled-rows.ts';
import type { Subject } from './subjects.ts';

/** A named query as it is measured. */
export interface Question {
  readonly name: string;
  /** Which table a scan would read to answer it. */
  readonly table: string;
  /** About all accounts: what it reads grows with the table, and fewer runs tell enough. */
  readonly isAboutAll?: boolean;
  /** Asks it; rejects with RangeError where the answer is not that of the filled rows. */
  ask(store: QueryReader, subject: Subject): Promise<void>;
}

const LAST = 10;
const TRANSACTIONS = 'transactions_rows';
const YEAR = { from: `${LAST_YEAR}-01-01`, until: `${LAST_YEAR + 1}-01-01` };
const LAST_MONTH = { from: new Date(monthStartMs(MONTHS - 1)), until: new Date(monthStartMs(MONTHS)) };
const LAST_DAY = { from: `${LAST_YEAR}-12-31`, until: `${LAST_YEAR + 1}-01-01` };

/** All that sql/queries/ asks. */
export const QUESTIONS: readonly Question[] = [
  {
    name: 'last-transactions',
    table: TRANSACTIONS,
    ask: async (store, { accountId }) => {
      const rows = await lastTransactions(store, { account: accountId, limit: LAST });
      const due = Array.from({ length: LAST }, (_, back) => MONTHS * ROWS_A_MONTH - back);
      expectEqual(`the last of ${accountId}`, rows.map(({ sequence }) => sequence).join(), due.join());
    },
  },
  {
    name: 'transaction-by-id',
    table: TRANSACTIONS,
    ask: async (store, { accountId, sequence, transactionId }) => {
      const rows = await transactionById(store, { transaction: transactionId });
      const shown = rows.map((row) => `${row.accountId} ${row.sequence} ${row.transactionId}`).join();
      expectEqual(`transaction ${transactionId}`, shown, `${accountId} ${sequence} ${transactionId}`);
    },
  },
  {
    name: 'transactions-by-reference',
    table: TRANSACTIONS,
    ask: async (store, { reference, transactionId }) => {
      const rows = await transactionsByReference(store, { reference });
      expectEqual(`reference ${reference}`, rows.map((row) => row.transactionId).join(), transactionId);
    },
  },
  {
    name: 'daily-summary',
    table: 'account_daily_summary_rows',
    ask: async (store, { accountId }) => {
      const days = await dailySummary(store, { account: accountId, ...YEAR });
      expectEqual(`transactions of ${accountId} in ${LAST_YEAR}`, sumOf(days), String(12 * ROWS_A_MONTH));
    },
  },
  {
    name: 'monthly-summary',
    table: 'account_daily_summary_rows',
    ask: async (store, { accountId }) => {
      const months = await monthlySummary(store, { account: accountId, ...YEAR });
      const due = Array.from({ length: 12 }, () => ROWS_A_MONTH).join();
      expectEqual(`months of ${accountId}`, months.map(({ transactionCount }) => transactionCount).join(), due);
    },
  },
  {
    name: 'balance-as-of',
    table: TRANSACTIONS,
    ask: async (store, { accountId, occurredAt, sequence }) => {
      const balances = await balanceAsOf(store, { account: accountId, moment: occurredAt });
      // Nothing was entered late, so both terms say the same.
      const shown = balances.map((each) => `${each.lastSequence} ${each.balance === each.balanceAfter}`).join();
      expectEqual(`balance of ${accountId} at ${occurredAt}`, shown, `${sequence} true`);
    },
  },
  {
    name: 'statement',
    table: TRANSACTIONS,
    ask: async (store, { accountId }) => {
      const statements = await statement(store, { account: accountId, ...LAST_MONTH });
      const shown = statements
        .map(({ lines, closing }) => `${lines.length} ${lines.at(-1)?.balance === closing}`)
        .join();
      expectEqual(`statement of ${accountId}`, shown, `${ROWS_A_MONTH} true`);
    },
  },
  {
    name: 'largest-counterparties',
    table: TRANSACTIONS,
    ask: async (store, { accountId }) => {
      const rows = await largestCounterparties(store, { account: accountId, ...YEAR });
      // Salaries come from one employer, and are what moves most.
      expectEqual(`counterparties of ${accountId}`, String(rows[0]?.counterparty.startsWith('Employer ')), 'true');
    },
  },
  {
    name: 'velocity',
    table: TRANSACTIONS,
    ask: async (store, { accountId, occurredAt }) => {
      const windows = await velocity(store, { account: accountId, moment: occurredAt });
      expectEqual(`windows of ${accountId}`, windows.map(({ hours }) => hours).join(), '1,24,168');
    },
  },
  {
    name: 'failed-dispenses-by-terminal',
    table: 'failed_dispenses_rows',
    ask: async (store, { terminal: { id, failures } }) => {
      const period = { from: new Date(monthStartMs(0)), until: new Date(monthStartMs(MONTHS)) };
      const [row] = await failedDispensesByTerminal(store, { ...period, terminal: id });
      expectEqual(`failures of ${id}`, String(row?.terminalFailures), String(failures));
    },
  },
  {
    name: 'totals-by-currency-and-channel',
    table: TRANSACTIONS,
    isAboutAll: true,
    ask: async (store, { accounts }) => {
      const totals = await totalsByCurrencyAndChannel(store, LAST_MONTH);
      expectEqual('transactions of the last month', sumOf(totals), String(accounts * ROWS_A_MONTH));
    },
  },
  {
    name: 'general-ledger-totals',
    table: 'postings_rows',
    isAboutAll: true,
    ask: async (store) => {
      const days = await generalLedgerTotals(store, LAST_DAY);
      const units = days.map(({ balance }) => BigInt(balance.replace('.', '')));
      expectEqual('the balance of a day', String(units.reduce((sum, each) => sum + each, 0n)), '0');
    },
  },
];

function sumOf(rows: readonly { readonly transactionCount: number }[]): string {
  return String(rows.reduce((sum, { transactionCount }) => sum + transactionCount, 0));
}

function expectEqual(what: string, got: string, due: string): void {
  if (got !== due) throw new RangeError(`${what}: ${got === '' ? 'nothing' : got} came back, ${due} was due`);
}
