import {
  HeadraceError,
  jsonSerde,
  type KeyValueStore,
  keyValueStore,
  type Processor,
  type ProcessorContext,
  type Serde,
  StreamsBuilder,
  stringSerde,
  type Topology,
  withoutCardData,
} from 'headrace';
import { type AccountState, accountStateSerde, NEW_ACCOUNT } from './account-state.ts';
import { type BusinessTime, businessTime } from './business-time.ts';
import { addToDay, type DayTotals, dayTotalsSerde, summaryKey, summaryRow } from './daily-summary.ts';
import {
  type AccountSettings,
  type DailySummary,
  type RejectedTransaction,
  type TransactionInput,
  toAccountSettings,
  toTransactionInput,
} from './events.ts';
import { type Posted, post } from './post.ts';
import { checkAccount, checkForm, type Refusal, type Transaction } from './rules.ts';
import { TOPICS } from './topics.ts';

export interface AccountLedgerOptions {
  /** IANA name of the zone in which the bank's days begin, and that times without a zone mean (UTC). */
  readonly businessZone?: string;
}

/** One of the two for each input record. */
type Outcome =
  | { readonly accepted: Posted & { readonly summary: DailySummary } }
  | { readonly rejected: RejectedTransaction };

/** An input with what the bank has settled for its account. */
interface Arrival {
  readonly input: TransactionInput;
  readonly settings: AccountSettings | null;
}

/** The ledger (design D9): README.md in this folder draws it. */
export function accountLedger(options: AccountLedgerOptions = {}): Topology {
  const time = businessTime(options.businessZone);
  const builder = new StreamsBuilder();
  const accounts = builder.table(TOPICS.accounts, {
    key: stringSerde,
    value: jsonSerde(toAccountSettings),
    name: 'account-settings',
  });
  const outcomes = builder
    .stream(TOPICS.transactions, { key: stringSerde, value: jsonSerde(toTransactionInput) })
    .mapValues(requireValue, { name: 'require-value' })
    .leftJoin(accounts, (input, settings): Arrival => ({ input, settings }))
    .processValues({
      name: 'post',
      stores: STORES,
      processor: (context: ProcessorContext<typeof STORES, string, Outcome>) =>
        poster(context.stores, (key, outcome) => context.forward(key, outcome), time),
    });

  const accepted = outcomes.flatMapValues((outcome) => ('accepted' in outcome ? [outcome.accepted] : []));
  const rejected = outcomes.flatMapValues((outcome) => ('rejected' in outcome ? [outcome.rejected] : []));
  accepted.mapValues(({ transaction }) => transaction).to(TOPICS.accepted, json());
  accepted.flatMapValues(({ postings }) => postings).to(TOPICS.postings, json());
  accepted.mapValues(({ balances }) => balances).to(TOPICS.balances, json());
  accepted
    .map((_key, { summary }) => [summaryKey(summary.accountId, summary.day, summary.currency), summary])
    .to(TOPICS.dailySummary, json());
  // A record may have come without its key: what is said of it goes to its account all the same.
  rejected.selectKey((_key, { accountId }) => accountId).to(TOPICS.rejected, json());
  return builder.build();
}

const STORES = {
  accounts: keyValueStore({ name: 'accounts', key: stringSerde, value: accountStateSerde }),
  /** The content of every accepted transaction, by its identity. */
  identities: keyValueStore({ name: 'transaction-identities', key: stringSerde, value: stringSerde }),
  days: keyValueStore({ name: 'daily-summary', key: stringSerde, value: dayTotalsSerde }),
};

interface Stores {
  readonly accounts: KeyValueStore<string, AccountState>;
  readonly identities: KeyValueStore<string, string>;
  readonly days: KeyValueStore<string, DayTotals>;
}

/** Judges and posts one transaction after the other. */
function poster(
  stores: Stores,
  forward: (key: string | null, outcome: Outcome) => void,
  time: BusinessTime,
): Processor<string, Arrival> {
  return (key, arrival, record) => {
    const { input, settings } = arrival!;
    const source = { topic: record.topic, partition: record.partition, offset: record.offset };
    const reject = ({ code, reason }: Refusal) => {
      const { transactionId, accountId } = input;
      // What was refused, for a card number or anything else, must not carry one on (design D15).
      const rejected = withoutCardData({ code, reason, transactionId, accountId, transaction: input });
      forward(key, { rejected: { ...(rejected as Omit<RejectedTransaction, 'source'>), source } });
    };
    const transaction = checkForm({ key, input, takenInAt: record.timestamp, time });
    if ('code' in transaction) {
      reject(transaction);
      return;
    }
    const account = stores.accounts.get(transaction.accountId) ?? NEW_ACCOUNT;
    const identity = identityOf(transaction);
    const refusal = checkAccount({ transaction, account, settings, seenContent: stores.identities.get(identity) });
    if (refusal !== undefined) {
      reject(refusal);
      return;
    }
    const posted = post(account, transaction, source);
    stores.accounts.put(transaction.accountId, posted.account);
    stores.identities.put(identity, transaction.content);
    forward(key, { accepted: { ...posted, summary: summarise(stores.days, transaction, posted, time) } });
  };
}

function summarise(days: Stores['days'], transaction: Transaction, posted: Posted, time: BusinessTime): DailySummary {
  const day = time.dayOf(transaction.occurredAt);
  const key = summaryKey(transaction.accountId, day, transaction.currency);
  const totals = addToDay(days.get(key), transaction);
  days.put(key, totals);
  return summaryRow(transaction, day, totals, posted.account.sequence);
}

/** The length in front keeps "a" + "bc" apart from "ab" + "c", whatever characters the two hold. */
function identityOf({ accountId, transactionId }: Transaction): string {
  return `${accountId.length}:${accountId}:${transactionId}`;
}

/** A transaction without a value can't be judged: it goes to the dead letters. */
function requireValue(input: TransactionInput | null): TransactionInput {
  if (input === null)
    throw new HeadraceError('DESERIALIZATION_FAILED', 'A transaction needs a value; this record has none');
  return input;
}

function json<T>(): { readonly key: Serde<string>; readonly value: Serde<T> } {
  return { key: stringSerde, value: jsonSerde<T>() };
}
