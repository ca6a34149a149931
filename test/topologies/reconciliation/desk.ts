import type { CaseCommand } from '../../../topologies/reconciliation/events.ts';
import { Bank } from '../atm-dispense/bank.ts';

const START = Date.parse('2026-06-15T12:00:00Z');

/** A bank with a terminal T1, an account A with 100.00 EUR, and persons; each step is settled at once. */
export function desk(options: { crashes?: () => boolean } = {}) {
  const made = new Bank({ startTimeMs: START, answerWithinMs: 10_000, retryMs: 1_000, ...options });
  let commands = 0;
  const send = (topic: string, key: string, value: unknown) => {
    made.send('atm', topic, key, value);
    made.settle();
  };
  const withdraw = (withdrawalId = 'w1', amount = '60.00') =>
    send('atm.withdrawals', withdrawalId, {
      withdrawalId,
      accountId: 'A',
      terminalId: 'T1',
      amount,
      currency: 'EUR',
      requestedAt: '2026-06-15T12:00:00Z',
    });
  const result = (status: string, fields: Record<string, unknown> = {}, withdrawalId = 'w1') =>
    send('atm.dispense-results', withdrawalId, {
      withdrawalId,
      terminalId: 'T1',
      status,
      occurredAt: '2026-06-15T12:00:30Z',
      ...fields,
    });
  const command = (fields: Partial<Record<keyof CaseCommand, unknown>>, key = 'T1') => {
    commands += 1;
    const value = { commandId: `k${commands}`, caseId: 'case:w1', action: 'resolve', by: 'Ann', ...fields };
    made.send('reconciliation', 'reconciliation.commands', key, value);
    made.settle();
  };
  const silence = () => {
    made.pass(20_000);
    made.settle();
  };
  const decide = (decision: string, caseId = 'case:w1', taken?: string) => {
    const said = taken === undefined ? {} : { taken };
    command({ decision, caseId, by: 'Ann', ...said });
    command({ decision, caseId, by: 'Bob', ...said });
  };
  const money = () => {
    const [each] = made.said.balances().at(-1)!.balances;
    return [each!.booked, each!.held];
  };
  made.deposit('A', '100.00');
  made.settle();
  return { made, withdraw, result, command, decide, silence, money };
}
