import { CASE_STATUSES, type CaseStatus, type ReconciliationCase } from '../../../topologies/reconciliation/events.ts';
import { RECONCILIATION_TOPICS } from '../../../topologies/reconciliation/topics.ts';
import type { HeadraceNode } from '../node.ts';

export interface CaseFilter {
  readonly status?: CaseStatus | undefined;
  readonly terminalId?: string | undefined;
}

/** The cases as they stand, those that wait longest for a person first and the resolved ones last. */
export async function listCases(
  node: Pick<HeadraceNode, 'watermarks' | 'cases'>,
  filter: CaseFilter = {},
): Promise<readonly ReconciliationCase[]> {
  const found: ReconciliationCase[] = [];
  for (const { partition } of await node.watermarks(RECONCILIATION_TOPICS.commands)) {
    for (const each of await node.cases(partition)) {
      if (filter.status !== undefined && each.status !== filter.status) continue;
      if (filter.terminalId !== undefined && each.terminalId !== filter.terminalId) continue;
      found.push(each);
    }
  }
  const rank = ({ status }: ReconciliationCase) => CASE_STATUSES.indexOf(status);
  return found.sort((a, b) => rank(a) - rank(b) || compare(a.openedAt, b.openedAt) || compare(a.caseId, b.caseId));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
