import type { TopicConfig } from '../../../src/log/log.ts';
import { partitionFor } from '../../../src/log/partitioner.ts';
import type { NewRecord } from '../../../src/log/record.ts';
import { seededRandom } from '../../../src/random.ts';
import { valueBytes } from './sink-formats.ts';

/** One record for each transaction, for the table in which nothing replaces anything: see chaos-table.ts. */
export const PLAIN_TOPIC = 'chaos.plain';
/** The first transactions stand in the log before any sink has begun; they have nothing that leaves a trace twice. */
export const BACKLOG_TRANSACTIONS = 120;

const PARTITIONS = 3;
const ACCOUNTS = 24;
/** Currencies with their decimals, written down apart from the engine's table. */
const CURRENCIES = [
  ['EUR', 2],
  ['JPY', 0],
  ['KWD', 3],
] as const;
const REJECTED_EVERY = 41;
const BROKEN_EVERY = 97;
/** Before any clock, so that a record's time says nothing about the run. */
const TIMESTAMP = 1_700_000_000_000;

const topic = (name: string, cleanup: TopicConfig['cleanup'] = 'delete'): TopicConfig => ({
  ...{ name, partitions: PARTITIONS, cleanup, retentionMs: -1, retentionBytes: -1 },
});

export const SINK_TOPICS: readonly TopicConfig[] = [
  topic('ledger.transactions'),
  topic('postings'),
  topic('balances', 'compact'),
  topic('ledger.daily-summary', 'compact'),
  topic('transactions.rejected'),
  topic('transactions.dlq'),
  topic('accounts.dlq'),
  topic(PLAIN_TOPIC),
];

interface Transaction {
  readonly index: number;
  readonly account: number;
  readonly sequence: number;
  readonly isCredit: boolean;
  readonly minor: number;
  readonly balance: number;
  readonly day: string;
  readonly time: string;
  readonly total: Readonly<Total>;
}

interface Total {
  credits: number;
  debits: number;
  count: number;
}

/**
 * What a ledger writes, transaction after transaction, by plain arithmetic from a seed: whoever knows how many there are
 * goes on where another process was killed.
 */
export class SinkLoad {
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #states = Array.from({ length: ACCOUNTS }, () => ({ sequence: 0, balance: 0 }));
  readonly #totals = new Map<string, Total>();
  #index = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** Goes on behind the first `count` transactions. */
  skip(count: number): void {
    while (this.#index < count) this.#advance();
  }

  /** All records of the next transaction, to be appended as one. */
  next(): readonly NewRecord[] {
    return recordsOf(this.#advance());
  }

  #advance(): Transaction {
    const account = this.#random.below(ACCOUNTS);
    const state = this.#states[account]!;
    const [isCredit, minor] = [this.#random.below(3) > 0, 1 + this.#random.below(100_000)];
    // Two months: an insert makes two parts, and either may be missing. Few days: a late row meets a newer one of its key.
    const [month, dayOfMonth] = [this.#random.below(2), 1 + this.#random.below(3)];
    const day = `2023-0${month + 3}-0${dayOfMonth}`;
    state.sequence++;
    state.balance += isCredit ? minor : -minor;
    const key = `${account} ${day}`;
    const total = this.#totals.get(key) ?? { credits: 0, debits: 0, count: 0 };
    this.#totals.set(key, total);
    total.count++;
    if (isCredit) total.credits += minor;
    else total.debits += minor;
    const index = this.#index++;
    const time = `${day}T10:00:00.${String(index % 1_000).padStart(3, '0')}Z`;
    return { index, account, ...state, isCredit, minor, day, time, total: { ...total } };
  }
}

function recordsOf({ index, account, sequence, isCredit, minor, balance, day, time, total }: Transaction): NewRecord[] {
  const accountId = `account-${account}`;
  const [currency, decimals] = CURRENCIES[account % CURRENCIES.length]!;
  const amount = (units: number) => decimalText(units, decimals);
  const partition = partitionFor(Buffer.from(accountId), PARTITIONS);
  const record = (to: string, key: string, value: string | object): NewRecord => ({
    ...{ topic: to, partition, timestamp: TIMESTAMP + index, key: Buffer.from(key) },
    value: valueBytes(to, value, index),
  });
  const transactionId = `t-${index}`;
  const common = { transactionId, accountId, sequence, currency, occurredAt: time };
  const [direction, opposite] = isCredit ? ['credit', 'debit'] : ['debit', 'credit'];
  const source = { topic: 'transactions', partition, offset: index };
  const after = { balanceAfter: amount(balance), availableAfter: amount(balance), isOverdrawn: balance < 0 };
  const details = { kind: 'posting', channel: 'chaos', description: `number ${index}`, reference: `r-${index % 50}` };
  const leg = { ...common, amount: amount(minor) };
  const legs = [direction, opposite].map((of, at) => ({
    ...{ ledgerAccount: at === 0 ? accountId : 'clearing', direction: of, amount: amount(minor), currency },
  }));
  const booked = { currency, booked: amount(balance), held: amount(0), available: amount(balance) };
  const sums = { credits: amount(total.credits), debits: amount(total.debits), count: total.count };
  const records = [
    record('ledger.transactions', accountId, {
      ...{ ...common, ...details, ...after },
      ...{ direction, amount: amount(minor), postings: legs, source },
    }),
    record('postings', accountId, { ...leg, leg: 1, ledgerAccount: accountId, direction }),
    record('postings', accountId, { ...leg, leg: 2, ledgerAccount: 'clearing', direction: opposite }),
    record('balances', accountId, { accountId, sequence, version: sequence, balances: [booked], occurredAt: time }),
    record('ledger.daily-summary', `${accountId}|${day}|${currency}`, {
      ...{ accountId, day, currency, ...sums, version: sequence },
    }),
  ];
  if (index < BACKLOG_TRANSACTIONS) return records;
  records.push(record(PLAIN_TOPIC, accountId, transactionId));
  if (index % REJECTED_EVERY === 0) {
    const reason = 'no such account';
    records.push(record('transactions.rejected', accountId, { ...common, code: 'ACCOUNT_UNKNOWN', reason, source }));
  }
  // What no table can hold: it must be set aside exactly once.
  if (index % BROKEN_EVERY === 0) records.push(record('transactions.rejected', accountId, `{broken ${index}`));
  return records;
}

function decimalText(units: number, decimals: number): string {
  const digits = String(Math.abs(units)).padStart(decimals + 1, '0');
  const end = digits.length - decimals;
  return `${units < 0 ? '-' : ''}${digits.slice(0, end)}${decimals === 0 ? '' : `.${digits.slice(end)}`}`;
}
