import type { LedgerCommand } from '../../../topologies/account-ledger/commands.ts';
import { Bank } from './bank.ts';

/** A bank with a terminal T1 and an account A with 100.00 EUR; each word is settled at once. */
export function terminal(options: { answerWithinMs?: number } = {}) {
  const made = new Bank({ startTimeMs: Date.parse('2026-06-15T12:00:00Z'), ...options });
  const withdraw = (fields: Record<string, unknown> = {}) => {
    const value = {
      withdrawalId: 'w1',
      accountId: 'A',
      terminalId: 'T1',
      amount: '60.00',
      currency: 'EUR',
      requestedAt: '2026-06-15T12:00:00Z',
      ...fields,
    };
    made.send('atm', 'atm.withdrawals', String(value.withdrawalId), value);
    made.settle();
  };
  const result = (status: unknown, fields: Record<string, unknown> = {}, key = 'w1') => {
    const occurredAt = '2026-06-15T12:00:30Z';
    made.send('atm', 'atm.dispense-results', key, {
      withdrawalId: 'w1',
      terminalId: 'T1',
      status,
      occurredAt,
      ...fields,
    });
    made.settle();
  };
  /** Another system settles the hold before anybody here does. */
  const settleElsewhere = (take: string) => {
    const command: LedgerCommand = {
      commandId: 'elsewhere',
      requester: 'elsewhere',
      replyKey: 'x',
      accountId: 'A',
      action: 'settle',
      holdId: 'withdrawal:w1',
      take,
      occurredAt: '2026-06-15T12:00:00Z',
    };
    made.send('ledger', 'ledger.commands', 'A', command);
    made.settle();
  };
  const last = () => made.said.statuses().at(-1);
  made.deposit('A', '100.00');
  made.settle();
  return { made, withdraw, result, settleElsewhere, last };
}
