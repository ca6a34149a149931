import type { FailedDispense, WithdrawalStatus } from '../../topologies/atm-dispense/events.ts';
import type { ReconciliationCase } from '../../topologies/reconciliation/events.ts';

const AT = '2026-03-01T10:00:00.000Z';
/** A withdrawal that waits for its terminal's word. */
export const withdrawal: WithdrawalStatus = {
  withdrawalId: 'w',
  accountId: 'A',
  terminalId: 'T',
  amount: '50.00',
  currency: 'EUR',
  requestedAt: AT,
  state: 'AUTHORISED',
  version: 2,
  taken: '0.00',
  reversed: '0.00',
  updatedAt: AT,
  history: [{ event: 'requested', state: 'REQUESTED', at: AT, topic: 'atm.withdrawals', partition: 0, offset: 1 }],
};
/** Of which a part was taken. */
export const failed: FailedDispense = {
  withdrawalId: 'w',
  accountId: 'A',
  terminalId: 'T',
  number: 1,
  outcome: 'PARTIAL',
  reason: 'cassette empty',
  amount: '50.00',
  currency: 'EUR',
  taken: '20.00',
  isPosted: false,
  occurredAt: AT,
  history: [],
};
/** A case that nobody has touched. */
export const openCase: ReconciliationCase = {
  caseId: 'case:w',
  withdrawalId: 'w',
  accountId: 'A',
  terminalId: 'T',
  kind: 'retracted',
  status: 'open',
  reason: 'taken back',
  amount: '50.00',
  currency: 'EUR',
  taken: '0.00',
  openedAt: AT,
  updatedAt: AT,
  version: 1,
  history: [],
};
