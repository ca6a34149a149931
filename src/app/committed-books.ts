import { accountStateSerde } from '../../topologies/account-ledger/account-state.ts';
import { caseSerde } from '../../topologies/reconciliation/cases.ts';
import type { ReconciliationCase } from '../../topologies/reconciliation/events.ts';
import type { CommittedState } from '../log/log.ts';
import { currencyExponent } from '../serde/currency.ts';
import { formatMinorUnits } from '../serde/money.ts';
import { fromBinaryString, toBinaryString } from '../state/binary-string.ts';
import type { AccountFigures } from './node.ts';

/** The accounts of one partition as the ledger's committed state has them. */
export function committedAccounts(state: CommittedState, partition: number): readonly AccountFigures[] {
  const figures: AccountFigures[] = [];
  for (const [key, value] of state.partition('accounts', partition).range()) {
    const { sequence, balances } = accountStateSerde.deserialize(value);
    const amounts = (of: 'booked' | 'held') =>
      Object.fromEntries(
        [...balances].map(([code, balance]) => [code, formatMinorUnits(balance[of], currencyExponent(code)!)]),
      );
    const accountId = Buffer.from(fromBinaryString(key)).toString();
    figures.push({ accountId, sequence, booked: amounts('booked'), held: amounts('held') });
  }
  return figures;
}

/** The cases of the terminals of one partition, as the committed state of reconciliation has them. */
export function committedCases(state: CommittedState, partition: number): readonly ReconciliationCase[] {
  return [...state.partition('cases', partition).range()].map(([, value]) => caseSerde.deserialize(value));
}

/** One case, whatever partition its terminal is in. */
export function committedCase(
  state: CommittedState,
  partitions: number,
  caseId: string,
): ReconciliationCase | undefined {
  const key = toBinaryString(Buffer.from(caseId));
  for (let partition = 0; partition < partitions; partition++) {
    const value = state.partition('cases', partition).get(key);
    if (value !== undefined) return caseSerde.deserialize(value);
  }
  return undefined;
}
