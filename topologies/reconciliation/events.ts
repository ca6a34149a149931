/** What stands on the topics of reconciliation, as JSON; docs/ARCHITECTURE.md lists them. Amounts are decimal texts. */

/** Where a record stands. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** One thing that happened to a case or to its withdrawal. */
export interface CaseEntry extends Position {
  readonly event: string;
  readonly state: string;
  /** RFC 3339. */
  readonly at: string;
  /** The person who did it; none for what the rules did. */
  readonly by?: string;
  readonly note?: string;
  /** Of the command that brought it. */
  readonly commandId?: string;
}

/** What moves money needs two persons; a dismissal moves none. */
export const DECISIONS = ['refund', 're-debit', 'dismiss'] as const;
export type Decision = (typeof DECISIONS)[number];

export const CASE_STATUSES = [
  'open',
  /** A person has it. */
  'assigned',
  /** One person has decided, a second one must. */
  'proposed',
  /** Two persons have decided, the ledger has not answered yet. */
  'resolving',
  'resolved',
] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

/** Why a case was opened. */
export const CASE_KINDS = [
  /** Nobody knows whether the cash came out. */
  'unknown-outcome',
  /** The notes were taken back by the terminal and must be counted. */
  'retracted',
  /** Cash was taken and its debit is reversed. */
  're-debit',
  /** The terminal's answers exclude each other. */
  'contradiction',
  /** Results of a withdrawal that never came. */
  'orphan',
  /** The ledger could not do, or did not answer, what it was asked. */
  'parked',
] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

/** A record of `reconciliation.cases`: a case as it stands. */
export interface ReconciliationCase {
  readonly caseId: string;
  readonly withdrawalId: string;
  readonly accountId: string;
  readonly terminalId: string;
  readonly kind: CaseKind;
  readonly status: CaseStatus;
  readonly reason: string;
  readonly amount: string;
  readonly currency: string;
  /** What the terminal's word proves as taken. */
  readonly taken: string;
  /** What is posted to the account as taken; none while the hold stands. */
  readonly posted?: string;
  readonly openedAt: string;
  readonly updatedAt: string;
  /** Grows with every change. */
  readonly version: number;
  readonly assignee?: string;
  /** `taken` is what is to be posted in all afterwards: the second person confirms just that. */
  readonly proposal?: {
    readonly decision: Decision;
    readonly by: string;
    readonly note?: string;
    readonly taken?: string;
  };
  readonly resolution?: {
    readonly decision: Decision | 'by-rule';
    /** None for the rules. */
    readonly persons: readonly string[];
    /** What was moved, signed from the customer's view; 0 where nothing was. */
    readonly moved: string;
    /** Of a refund: gapless within its partition. */
    readonly serialNumber?: string;
  };
  readonly history: readonly CaseEntry[];
}

/** A record of `reconciliation.commands`: what a person wants done with a case. */
export interface CaseCommand {
  /** Given by who sends it: the same again is done once. */
  readonly commandId: string;
  readonly caseId: string;
  readonly action: 'assign' | 'resolve';
  readonly by: string;
  /** Of `assign`: who has the case from now on. */
  readonly to?: string;
  /** Of `resolve`. */
  readonly decision?: Decision;
  /** Of `resolve`: what was taken as persons know it, decimal text, where that is not what the terminal proves. */
  readonly taken?: string;
  readonly note?: string;
}

/** A record of `reconciliation.rejected`: a command or a failed event that was refused. */
export interface RejectedCommand {
  readonly code: string;
  readonly reason: string;
  readonly commandId: string;
  readonly caseId: string;
  readonly source: Position;
}

/** The case of a withdrawal: there is never another. */
export function caseIdOf(withdrawalId: string): string {
  return `case:${withdrawalId}`;
}
