import { type ClickHouse, readRows } from '../../src/clickhouse/clickhouse.ts';
import { LAST_YEAR, MONTHS, monthStartMs, ROWS_A_MONTH } from './filled-rows.ts';
import type { Subject } from './subjects.ts';

/** A question that is measured. */
export interface Question {
  readonly name: string;
  /** Which table a scan would read to answer it. */
  readonly table: string;
  /** About all accounts: what it reads grows with the table. */
  readonly isAboutAll?: boolean;
  /** Asks it; rejects with RangeError where the answer is not that of the filled rows. */
  ask(clickhouse: ClickHouse, subject: Subject): Promise<void>;
}

interface Row {
  readonly account_id: string;
  readonly sequence: string;
  readonly transaction_id: string;
}

const LAST = 10;
/** Most accounts have as many as are asked for in so many months; the others are asked about once more. */
const RECENT_MONTHS = 2;

const LAST_SQL = `SELECT account_id, toString(sequence) AS sequence, transaction_id
FROM headrace.transactions_rows
WHERE account_id = {account:String} AND occurred_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
ORDER BY transactions_rows.sequence DESC LIMIT 1 BY transactions_rows.sequence LIMIT ${LAST}`;

const BY_ID_SQL = `SELECT account_id, toString(sequence) AS sequence, toString(toUnixTimestamp64Milli(occurred_at)) AS at
FROM headrace.transactions_by_id_rows WHERE transaction_id = {id:String}`;

const ONE_SQL = `SELECT account_id, toString(sequence) AS sequence, transaction_id
FROM headrace.transactions_rows FINAL
WHERE account_id = {account:String} AND transactions_rows.sequence = {sequence:UInt64}
  AND occurred_at = fromUnixTimestamp64Milli({at:Int64}, 'UTC')`;

const DAYS_SQL = `SELECT day, currency, credits, debits, toString(count) AS count FROM headrace.account_daily_summary
WHERE account_id = {account:String} AND day >= {from:Date32} AND day < {to:Date32} ORDER BY day, currency`;

/** Each question that people ask of an account or a transaction. */
export const QUESTIONS: readonly Question[] = [
  {
    name: 'last-transactions',
    table: 'transactions_rows',
    ask: async (clickhouse, { accountId }) => {
      const parameters = { account: accountId, from: monthStartMs(MONTHS - RECENT_MONTHS) };
      let rows = await readRows<Row>(clickhouse, LAST_SQL, { parameters });
      if (rows.length < LAST)
        rows = await readRows<Row>(clickhouse, LAST_SQL, { parameters: { ...parameters, from: 0 } });
      const due = Array.from({ length: LAST }, (_, back) => String(MONTHS * ROWS_A_MONTH - back));
      expectEqual(`the last of ${accountId}`, rows.map(({ sequence }) => sequence).join(), due.join());
    },
  },
  {
    name: 'transaction-by-id',
    table: 'transactions_by_id_rows',
    ask: async (clickhouse, { accountId, sequence, transactionId }) => {
      const parameters = { id: transactionId };
      const places = await readRows<Row & { readonly at: string }>(clickhouse, BY_ID_SQL, { parameters });
      const found = await Promise.all(
        places.map((place) =>
          readRows<Row>(clickhouse, ONE_SQL, {
            parameters: { account: place.account_id, sequence: place.sequence, at: place.at },
          }),
        ),
      );
      const shown = found.flat().map((row) => `${row.account_id} ${row.sequence} ${row.transaction_id}`);
      expectEqual(`transaction ${transactionId}`, shown.join(), `${accountId} ${sequence} ${transactionId}`);
    },
  },
  {
    name: 'daily-summary',
    table: 'account_daily_summary_rows',
    ask: async (clickhouse, { accountId }) => {
      const parameters = { account: accountId, from: `${LAST_YEAR}-01-01`, to: `${LAST_YEAR + 1}-01-01` };
      const days = await readRows<{ readonly count: string }>(clickhouse, DAYS_SQL, { parameters });
      const count = days.reduce((sum, day) => sum + Number(day.count), 0);
      expectEqual(`transactions of ${accountId} in ${LAST_YEAR}`, String(count), String(12 * ROWS_A_MONTH));
    },
  },
];

function expectEqual(what: string, got: string, due: string): void {
  if (got !== due) throw new RangeError(`${what}: ${got === '' ? 'nothing' : got} came back, ${due} was due`);
}
