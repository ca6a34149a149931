import type { TopicConfig } from '../../../src/log/log.ts';
import type { NewRecord } from '../../../src/log/record.ts';

const MONTHS = 15;
const PARTITIONS = 3;

const topic = (name: string, cleanup: TopicConfig['cleanup'] = 'delete'): TopicConfig => ({
  name,
  partitions: PARTITIONS,
  cleanup,
  retentionMs: -1,
  retentionBytes: -1,
});

export const LEDGER_TOPICS: readonly TopicConfig[] = [
  topic('ledger.transactions'),
  topic('postings'),
  topic('balances', 'compact'),
  topic('ledger.daily-summary', 'compact'),
  topic('transactions.rejected'),
  topic('transactions.dlq'),
  topic('accounts.dlq'),
];

export interface SampleLedger {
  readonly records: readonly NewRecord[];
  /** What the view `transactions` must show: account, sequence, id, amount, balance after, sorted. */
  readonly transactions: readonly (readonly string[])[];
  /** account, currency, booked. */
  readonly balances: readonly (readonly string[])[];
  /** account, day, credits, debits, count. */
  readonly summaries: readonly (readonly string[])[];
}

/** What a ledger would write for `count` transactions of `accounts` accounts over several months, by plain arithmetic. */
export function sampleLedger(count: number, accounts: number): SampleLedger {
  const records: NewRecord[] = [];
  const transactions: string[][] = [];
  const states = new Map<string, { sequence: number; balance: number }>();
  const days = new Map<string, { account: string; day: string; credits: number; debits: number; count: number }>();
  for (let i = 0; i < count; i++) {
    const account = `account-${(i * 7) % accounts}`;
    const partition = ((i * 7) % accounts) % PARTITIONS;
    const state = states.get(account) ?? { sequence: 0, balance: 0 };
    states.set(account, state);
    const isCredit = i % 3 !== 0;
    const amount = 1 + ((i * 7919) % 100_000);
    state.sequence++;
    state.balance += isCredit ? amount : -amount;
    const day = new Date(Date.UTC(1993, i % MONTHS, 1 + (i % 28))).toISOString().slice(0, 10);
    const key = `${account}|${day}|EUR`;
    const total = days.get(key) ?? { account, day, credits: 0, debits: 0, count: 0 };
    days.set(key, total);
    total.count++;
    if (isCredit) total.credits += amount;
    else total.debits += amount;
    const push = (to: string, recordKey: string, value: unknown) =>
      records.push({
        topic: to,
        partition,
        timestamp: 1_700_000_000_000 + i,
        key: Buffer.from(recordKey),
        value: Buffer.from(JSON.stringify(value)),
      });
    const common = {
      transactionId: `t-${i}`,
      accountId: account,
      sequence: state.sequence,
      currency: 'EUR',
      occurredAt: `${day}T10:00:00.000Z`,
    };
    const direction = isCredit ? 'credit' : 'debit';
    push('ledger.transactions', account, {
      ...common,
      direction,
      amount: euros(amount),
      kind: 'posting',
      balanceAfter: euros(state.balance),
      availableAfter: euros(state.balance),
      isOverdrawn: state.balance < 0,
      postings: [],
      source: { topic: 'transactions', partition, offset: i },
    });
    for (const leg of [1, 2]) {
      const legDirection = leg === 1 ? direction : isCredit ? 'debit' : 'credit';
      push('postings', account, {
        ...common,
        leg,
        ledgerAccount: leg === 1 ? account : 'clearing',
        direction: legDirection,
        amount: euros(amount),
      });
    }
    const balance = { currency: 'EUR', booked: euros(state.balance), held: '0.00', available: euros(state.balance) };
    push('balances', account, {
      accountId: account,
      sequence: state.sequence,
      balances: [balance],
      occurredAt: common.occurredAt,
    });
    push('ledger.daily-summary', key, {
      accountId: account,
      day,
      currency: 'EUR',
      credits: euros(total.credits),
      debits: euros(total.debits),
      count: total.count,
      version: state.sequence,
    });
    transactions.push([account, String(state.sequence), `t-${i}`, shown(amount), shown(state.balance)]);
  }
  return {
    records,
    transactions: transactions.sort(byText),
    balances: [...states].map(([account, state]) => [account, 'EUR', shown(state.balance)]).sort(byText),
    summaries: [...days.values()]
      .map((total) => [total.account, total.day, shown(total.credits), shown(total.debits), String(total.count)])
      .sort(byText),
  };
}

function byText(a: readonly string[], b: readonly string[]): number {
  return a.join('|') < b.join('|') ? -1 : 1;
}

function euros(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** As ClickHouse prints a decimal: without zeros at the end. */
function shown(cents: number): string {
  return euros(cents).replace(/\.?0+$/, '');
}
