import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import { ATM_TOPICS } from '../../../topologies/atm-dispense/topics.ts';
import { RECONCILIATION_TOPICS } from '../../../topologies/reconciliation/topics.ts';
import { HeadraceError } from '../../errors.ts';
import type { HeadraceNode } from '../node.ts';

/** The field of a record's value that is its key, by topic: what belongs together must keep its order. */
const KEY_FIELDS: ReadonlyMap<string, string> = new Map([
  [TOPICS.transactions, 'accountId'],
  [TOPICS.accounts, 'accountId'],
  [TOPICS.commands, 'accountId'],
  [ATM_TOPICS.withdrawals, 'withdrawalId'],
  [ATM_TOPICS.results, 'withdrawalId'],
  [ATM_TOPICS.settlements, 'withdrawalId'],
  [ATM_TOPICS.failed, 'terminalId'],
  [RECONCILIATION_TOPICS.commands, 'caseId'],
]);

/**
 * The key of a record that was given without one: what its value says, or none where the topic has no such rule. The
 * command about a case goes to the case's terminal; throws INPUT_INVALID where the case is not known.
 */
export async function recordKey(
  node: Pick<HeadraceNode, 'findCase'>,
  topic: string,
  value: string | null,
): Promise<string | null> {
  const field = KEY_FIELDS.get(topic);
  const key = field === undefined || value === null ? undefined : textIn(value, field);
  if (key === undefined || topic !== RECONCILIATION_TOPICS.commands) return key ?? null;
  const found = await node.findCase(key);
  if (found !== undefined) return found.terminalId;
  throw new HeadraceError('INPUT_INVALID', `there is no case ${key}; the key must be the terminal of the case`);
}

function textIn(json: string, field: string): string | undefined {
  try {
    const parsed = JSON.parse(json) as Readonly<Record<string, unknown>> | null;
    const text =
      typeof parsed === 'object' && parsed !== null && Object.hasOwn(parsed, field) ? parsed[field] : undefined;
    return typeof text === 'string' ? text : undefined;
  } catch {
    // What can't be read is for the topology to judge.
    return undefined;
  }
}
