import { type KeyValueStore, keyValueStore, type RecordContext, stringSerde, withoutCardData } from 'headrace';
import { type AccountState, accountStateSerde, NEW_ACCOUNT } from './account-state.ts';
import type { BusinessTime } from './business-time.ts';
import type { LedgerOutcome } from './commands.ts';
import { addToDay, type DayTotals, dayTotalsSerde, summaryKey, summaryRow } from './daily-summary.ts';
import type {
  AccountBalances,
  AccountSettings,
  DailySummary,
  RejectedTransaction,
  TransactionInput,
} from './events.ts';
import { type Hold, holdSerde } from './holds.ts';
import { type Posted, post } from './post.ts';
import { checkAccount, checkForm, type Refusal, type Transaction } from './rules.ts';

/** What processing a record tells others. */
export type Told =
  | { readonly accepted: Posted & { readonly summary: DailySummary } }
  | { readonly rejected: RejectedTransaction }
  | { readonly balances: AccountBalances }
  | { readonly outcome: LedgerOutcome };

export const STORES = {
  accounts: keyValueStore({ name: 'accounts', key: stringSerde, value: accountStateSerde }),
  /** The content of every accepted transaction and of every hold, by its identity. */
  identities: keyValueStore({ name: 'transaction-identities', key: stringSerde, value: stringSerde }),
  days: keyValueStore({ name: 'daily-summary', key: stringSerde, value: dayTotalsSerde }),
  /** Every hold that was ever asked for, by its identity. */
  holds: keyValueStore({ name: 'holds', key: stringSerde, value: holdSerde }),
};

export interface Stores {
  readonly accounts: KeyValueStore<string, AccountState>;
  readonly identities: KeyValueStore<string, string>;
  readonly days: KeyValueStore<string, DayTotals>;
  readonly holds: KeyValueStore<string, Hold>;
}

/** The record that is being processed. */
export interface Arrived {
  readonly key: string | null;
  readonly record: RecordContext;
  readonly settings: AccountSettings | null;
}

/** The one place where accounts change. Its stores are those of the partition that the account belongs to. */
export class PostingOffice {
  readonly stores: Stores;
  readonly #tell: (key: string | null, told: Told) => void;
  readonly #time: BusinessTime;

  constructor(stores: Stores, tell: (key: string | null, told: Told) => void, time: BusinessTime) {
    this.stores = stores;
    this.#tell = tell;
    this.#time = time;
  }

  /** Judges a transaction, posts or rejects it, and tells everyone. */
  take(input: TransactionInput, arrived: Arrived): void {
    const judged = this.judge(input, arrived);
    if ('code' in judged) this.#reject(input, judged, arrived);
    else this.post(judged, arrived);
  }

  /** The transaction, or the first rule that refuses it. Changes nothing. */
  judge(input: TransactionInput, { key, record, settings }: Arrived): Transaction | Refusal {
    const transaction = checkForm({ key, input, takenInAt: record.timestamp, time: this.#time });
    if ('code' in transaction) return transaction;
    const account = this.account(transaction.accountId);
    const seenContent = this.stores.identities.get(identityOf(transaction.accountId, transaction.transactionId));
    return checkAccount({ transaction, account, settings, seenContent }) ?? transaction;
  }

  /** Posts what was judged. `account` is the account as it is by then, where the caller has changed it. */
  post(transaction: Transaction, { key, record }: Arrived, account = this.account(transaction.accountId)): void {
    const posted = post(account, transaction, sourceOf(record));
    this.stores.accounts.put(transaction.accountId, posted.account);
    this.stores.identities.put(identityOf(transaction.accountId, transaction.transactionId), transaction.content);
    this.#tell(key, { accepted: { ...posted, summary: this.#summarise(transaction, posted) } });
  }

  account(accountId: string): AccountState {
    return this.stores.accounts.get(accountId) ?? NEW_ACCOUNT;
  }

  /** The moment that a text says, milliseconds since 1970; undefined where it says none. */
  momentOf(text: string): number | undefined {
    return this.#time.parse(text);
  }

  tell(key: string | null, told: Told): void {
    this.#tell(key, told);
  }

  #reject(input: TransactionInput, { code, reason }: Refusal, { key, record }: Arrived): void {
    const { transactionId, accountId } = input;
    // What was refused, for a card number or anything else, must not carry one on (design D15).
    const rejected = withoutCardData({ code, reason, transactionId, accountId, transaction: input });
    const source = sourceOf(record);
    this.#tell(key, { rejected: { ...(rejected as Omit<RejectedTransaction, 'source'>), source } });
  }

  #summarise(transaction: Transaction, posted: Posted): DailySummary {
    const day = this.#time.dayOf(transaction.occurredAt);
    const key = summaryKey(transaction.accountId, day, transaction.currency);
    const totals = addToDay(this.stores.days.get(key), transaction);
    this.stores.days.put(key, totals);
    return summaryRow(transaction, day, totals, posted.account.sequence);
  }
}

/** The length in front keeps "a" + "bc" apart from "ab" + "c", whatever characters the two hold. */
export function identityOf(accountId: string, id: string): string {
  return `${accountId.length}:${accountId}:${id}`;
}

function sourceOf({ topic, partition, offset }: RecordContext) {
  return { topic, partition, offset };
}
