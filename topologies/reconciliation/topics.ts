import type { TopicConfig } from 'headrace';

export const RECONCILIATION_TOPICS = {
  failed: 'atm.dispense.failed',
  commands: 'reconciliation.commands',
  timers: 'reconciliation.timers',
  cases: 'reconciliation.cases',
  rejected: 'reconciliation.rejected',
  settlements: 'atm.settlements',
  ledgerCommands: 'ledger.commands',
  ledgerOutcomes: 'ledger.outcomes',
} as const;

/** A tick says that time has come so far; nobody needs it after a week. */
const TICK_RETENTION_MS = 7 * 86_400_000;

/** The topics that are this system's own. */
export function reconciliationTopics(partitions: number): readonly TopicConfig[] {
  const topic = (name: string, cleanup: 'delete' | 'compact', retentionMs = -1): TopicConfig => ({
    name,
    partitions,
    cleanup,
    retentionMs,
    retentionBytes: -1,
  });
  return [
    topic(RECONCILIATION_TOPICS.commands, 'delete'),
    topic(RECONCILIATION_TOPICS.timers, 'delete', TICK_RETENTION_MS),
    topic(RECONCILIATION_TOPICS.cases, 'compact'),
    topic(RECONCILIATION_TOPICS.rejected, 'delete'),
  ];
}
