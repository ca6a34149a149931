import type { TopicConfig } from 'headrace';

/** Partitions of a new ledger: the most that its accounts can be spread over. They can't be changed later. */
export const DEFAULT_PARTITIONS = 8;

export const TOPICS = {
  transactions: 'transactions',
  accounts: 'accounts',
  accepted: 'ledger.transactions',
  rejected: 'transactions.rejected',
  postings: 'postings',
  balances: 'balances',
  dailySummary: 'ledger.daily-summary',
  commands: 'ledger.commands',
  outcomes: 'ledger.outcomes',
} as const;

/** The ledger's topics. `transactions`, `accounts` and `ledger.commands` are read together and so have equally many partitions. */
export function ledgerTopics(partitions = DEFAULT_PARTITIONS): readonly TopicConfig[] {
  const topic = (name: string, cleanup: 'delete' | 'compact'): TopicConfig => ({
    name,
    partitions,
    cleanup,
    retentionMs: -1,
    retentionBytes: -1,
  });
  return [
    topic(TOPICS.transactions, 'delete'),
    topic(TOPICS.accounts, 'compact'),
    topic(TOPICS.commands, 'delete'),
    topic(TOPICS.outcomes, 'delete'),
    topic(TOPICS.accepted, 'delete'),
    topic(TOPICS.rejected, 'delete'),
    topic(TOPICS.postings, 'delete'),
    topic(TOPICS.balances, 'compact'),
    topic(TOPICS.dailySummary, 'compact'),
  ];
}
