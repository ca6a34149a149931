import { HeadraceError, jsonSerde, type Serde } from 'headrace';
import type { Dossier } from './dossier.ts';
import { type CaseEntry, type CaseKind, caseIdOf, type Decision, type ReconciliationCase } from './events.ts';

export const caseSerde: Serde<ReconciliationCase> = jsonSerde((parsed) => {
  const each = parsed as Partial<ReconciliationCase> | null;
  if (typeof each?.caseId === 'string' && typeof each.status === 'string' && Array.isArray(each.history)) {
    return each as ReconciliationCase;
  }
  throw new HeadraceError('DESERIALIZATION_FAILED', "The state of a case can't be read");
});

/** Cases of these kinds wait for a clear word; with it the rules close them. The others are for persons only. */
export const CLOSED_BY_A_CLEAR_WORD: ReadonlySet<CaseKind> = new Set(['unknown-outcome', 'orphan']);

/** What changes with every step of a case. */
export interface Step {
  readonly entry: CaseEntry;
  readonly dossier: Dossier;
}

/** A case of a withdrawal: a new one, or the same again with another question. */
export function openCase(
  existing: ReconciliationCase | undefined,
  { entry, dossier }: Step,
  kind: CaseKind,
  reason: string,
): ReconciliationCase {
  const { withdrawalId, accountId, terminalId, amount, currency, proven, taken, history } = dossier;
  const { resolution: _resolved, proposal: _proposed, posted: _posted, ...kept } = existing ?? {};
  // The person who has a case keeps the question, but one that waits for a word of the terminal gives way to any other.
  const isTakenUp =
    existing === undefined ||
    existing.status === 'resolved' ||
    existing.status === 'open' ||
    CLOSED_BY_A_CLEAR_WORD.has(existing.kind);
  return {
    openedAt: entry.at,
    ...kept,
    caseId: caseIdOf(withdrawalId),
    withdrawalId,
    accountId,
    terminalId,
    kind: isTakenUp ? kind : existing.kind,
    reason,
    amount,
    currency,
    taken: proven,
    ...(taken === undefined ? {} : { posted: taken }),
    status: existing?.assignee === undefined ? 'open' : 'assigned',
    updatedAt: entry.at,
    version: (existing?.version ?? 0) + 1,
    history,
  };
}

/** The case with a step more and some fields changed; `undefined` takes a field away. */
export function changeCase(
  existing: ReconciliationCase,
  { entry, dossier }: Step,
  changes: { readonly [Field in keyof ReconciliationCase]?: ReconciliationCase[Field] | undefined },
): ReconciliationCase {
  const { accountId, amount, currency, proven, taken, history } = dossier;
  const changed = {
    ...existing,
    accountId,
    amount,
    currency,
    taken: proven,
    posted: taken,
    updatedAt: entry.at,
    version: existing.version + 1,
    history,
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(changed).filter(([, value]) => value !== undefined),
  ) as unknown as ReconciliationCase;
}

export interface Resolved {
  readonly decision: Decision | 'by-rule';
  readonly persons: readonly string[];
  readonly moved: string;
  readonly serialNumber?: string | undefined;
}

export function resolveCase(existing: ReconciliationCase, step: Step, resolved: Resolved): ReconciliationCase {
  const { decision, persons, moved, serialNumber } = resolved;
  const resolution = { decision, persons, moved, ...(serialNumber === undefined ? {} : { serialNumber }) };
  return changeCase(existing, step, { status: 'resolved', resolution, proposal: undefined });
}
