import type { TopicConfig } from 'headrace';

export const ATM_TOPICS = {
  withdrawals: 'atm.withdrawals',
  results: 'atm.dispense-results',
  timers: 'atm.timers',
  states: 'atm.withdrawal-states',
  rejected: 'atm.rejected',
  failed: 'atm.dispense.failed',
  settlements: 'atm.settlements',
  ledgerCommands: 'ledger.commands',
  ledgerOutcomes: 'ledger.outcomes',
} as const;

/** A tick says that time has come so far; nobody needs it after a week. */
const TICK_RETENTION_MS = 7 * 86_400_000;

/** The topics that are this system's own; all are read together with the ledger's and so have equally many partitions. */
export function atmTopics(partitions: number): readonly TopicConfig[] {
  const topic = (name: string, cleanup: 'delete' | 'compact', retentionMs = -1): TopicConfig => ({
    name,
    partitions,
    cleanup,
    retentionMs,
    retentionBytes: -1,
  });
  return [
    topic(ATM_TOPICS.withdrawals, 'delete'),
    topic(ATM_TOPICS.results, 'delete'),
    topic(ATM_TOPICS.timers, 'delete', TICK_RETENTION_MS),
    topic(ATM_TOPICS.states, 'compact'),
    topic(ATM_TOPICS.rejected, 'delete'),
    topic(ATM_TOPICS.failed, 'delete'),
    topic(ATM_TOPICS.settlements, 'delete'),
  ];
}
