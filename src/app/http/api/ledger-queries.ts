import { currencyExponent } from '../../../serde/currency.ts';
import type { ApiBackend } from './api-backend.ts';
import type { PostedTransaction, TransactionStatus } from './schemas.ts';

/** Columns of headrace.transactions as they come; 64-bit integers and decimals are texts. */
interface TransactionRow {
  readonly transaction_id: string;
  readonly direction: 'credit' | 'debit';
  readonly amount: string;
  readonly currency: string;
  readonly occurred_at: string;
  readonly kind: 'posting' | 'request';
  readonly channel: string;
  readonly counterparty: string;
  readonly description: string;
  readonly reference: string;
  readonly sequence: string;
  readonly balance_after: string;
  readonly available_after: string;
  readonly is_overdrawn: boolean;
}

const COLUMNS = `transaction_id, direction, amount, currency, occurred_at, kind, channel, counterparty, description,
  reference, sequence, balance_after, available_after, is_overdrawn`;
/** The code of what could not be processed. */
export const DEAD_LETTER = 'DEAD_LETTER';
/** Decimals that the views show. */
const SCALE = 4;

/** A posted transaction from ClickHouse, or undefined. Its time prunes the months of the table. */
export async function postedOf(
  backend: ApiBackend,
  accountId: string,
  transactionId: string,
): Promise<Extract<TransactionStatus, { status: 'posted' }> | undefined> {
  const [row] = await backend.rows<TransactionRow>(
    `WITH (SELECT (sequence, occurred_at) FROM headrace.transactions_by_id
       WHERE transaction_id = {transaction:String} AND account_id = {account:String} LIMIT 1) AS place
     SELECT ${COLUMNS} FROM headrace.transactions
     WHERE account_id = {account:String} AND sequence = place.1 AND occurred_at = place.2`,
    { account: accountId, transaction: transactionId },
  );
  return row === undefined ? undefined : { accountId, status: 'posted', ...toTransaction(row) };
}

/** The newest `limit` transactions of an account below a sequence. */
export async function transactionsBefore(
  backend: ApiBackend,
  accountId: string,
  before: number,
  limit: number,
): Promise<readonly PostedTransaction[]> {
  const parameters = { account: accountId, before: String(before), limit: String(limit) };
  const rows = (await backend.ask('last-transactions', parameters)) as readonly TransactionRow[];
  return rows.map(toTransaction);
}

export interface RefusalRow {
  readonly code: string;
  readonly reason: string;
  readonly offset: number;
}

/** The last refusal of an identity. The partition is the front of the table's order. */
export async function refusalOf(
  backend: ApiBackend,
  accountId: string,
  transactionId: string,
  partition: number,
): Promise<RefusalRow | undefined> {
  const [row] = await backend.rows<{ readonly code: string; readonly reason: string; readonly source_offset: string }>(
    `SELECT code, reason, source_offset FROM headrace.rejected_transactions
     WHERE source_topic = 'transactions' AND source_partition = {partition:UInt32}
       AND account_id = {account:String} AND transaction_id = {transaction:String}
     ORDER BY source_offset DESC LIMIT 1`,
    { account: accountId, transaction: transactionId, partition },
  );
  return row === undefined ? undefined : { code: row.code, reason: row.reason, offset: Number(row.source_offset) };
}

/** A dead letter that holds this identity: an error of the program, for HTTP lets nothing in that can't be attributed. */
export async function deadLetterOf(
  backend: ApiBackend,
  accountId: string,
  transactionId: string,
  partition: number,
): Promise<RefusalRow | undefined> {
  const [row] = await backend.rows<{ readonly message: string; readonly source_offset: string }>(
    `SELECT message, source_offset FROM headrace.dead_letters
     WHERE source_topic = 'transactions' AND source_partition = {partition:UInt32} AND key = {account:String}
       AND JSONExtractString(value, 'transactionId') = {transaction:String}
     ORDER BY source_offset DESC LIMIT 1`,
    { account: accountId, transaction: transactionId, partition },
  );
  return row === undefined ? undefined : { code: DEAD_LETTER, reason: row.message, offset: Number(row.source_offset) };
}

function toTransaction(row: TransactionRow): PostedTransaction {
  const { currency, channel, counterparty, description, reference } = row;
  const texts = Object.entries({ channel, counterparty, description, reference }).filter(([, text]) => text !== '');
  return {
    transactionId: row.transaction_id,
    sequence: Number(row.sequence),
    direction: row.direction,
    amount: amountText(row.amount, currency),
    currency,
    occurredAt: new Date(row.occurred_at.replace(/^(\S+) (\S+)$/, '$1T$2Z')).toISOString(),
    kind: row.kind,
    balanceAfter: amountText(row.balance_after, currency),
    availableAfter: amountText(row.available_after, currency),
    isOverdrawn: row.is_overdrawn,
    ...Object.fromEntries(texts),
  };
}

/** The view's four decimals cut to the currency's own; what is cut off is zeros. */
export function amountText(decimal: string, currency: string): string {
  const [whole = '', decimals = ''] = decimal.split('.');
  const exponent = currencyExponent(currency) ?? SCALE;
  return exponent === 0 ? whole : `${whole}.${decimals.padEnd(SCALE, '0').slice(0, exponent)}`;
}
