import { currencyExponent, formatMinorUnits, parseMinorUnits } from 'headrace';
import type { Asked, Dossier } from './dossier.ts';
import type { CaseEntry, Position } from './events.ts';

/** By which the ledger's answers are known as ours. */
export const REQUESTER = 'reconciliation';

export const FAILED_OUTCOMES = [
  'NOT_DISPENSED',
  'PARTIAL',
  'RETRACTED',
  'UNKNOWN',
  'LATE_SUCCESS',
  'CONTRADICTION',
  'ORPHAN',
] as const;
export type FailedOutcome = (typeof FAILED_OUTCOMES)[number];

/** A record of `atm.dispense.failed`, as far as it matters here; the ATM system's page says more. */
export interface FailedDispense {
  readonly withdrawalId: string;
  readonly accountId: string;
  readonly terminalId: string;
  readonly number: number;
  readonly outcome: FailedOutcome;
  readonly reason: string;
  readonly amount: string;
  readonly currency: string;
  readonly taken: string;
  readonly proven?: string;
  readonly isRefused?: boolean;
  readonly isPosted: boolean;
  readonly history: readonly (Position & { readonly event: string; readonly state: string; readonly at: string })[];
}

/** What this system asks of the ledger, on `ledger.commands`. */
export interface LedgerRequest {
  readonly commandId: string;
  readonly requester: string;
  readonly replyKey: string;
  readonly accountId: string;
  readonly action: 'settle' | 'post';
  readonly holdId?: string;
  readonly take?: string;
  readonly occurredAt?: string;
  readonly transaction?: Readonly<Record<string, string>>;
}

/** What the ledger answers, on `ledger.outcomes`. */
export interface LedgerAnswer {
  readonly commandId: string;
  readonly requester: string;
  readonly status: 'done' | 'refused';
  readonly code?: string;
  readonly reason?: string;
  readonly taken?: string;
}

/** A record of `atm.settlements`: what was done about a withdrawal. */
export interface Settlement {
  readonly withdrawalId: string;
  readonly state: 'REVERSAL_PENDING' | 'REVERSED' | 'SUSPECT' | 'RESOLVED';
  readonly taken: string;
  readonly reversed: string;
  readonly caseId?: string;
  readonly reason?: string;
}

/** The number keeps commands of one withdrawal apart; the rest of the id finds it again when the answer comes. */
export function commandIdOf(withdrawalId: string, count: number): string {
  return `reconciliation:${count}:${withdrawalId}`;
}

export function withdrawalOf(commandId: string): string {
  return /^reconciliation:\d+:(.*)$/s.exec(commandId)?.[1] ?? '';
}

/** Of the hold that the ATM system placed. */
export function holdIdOf(withdrawalId: string): string {
  return `withdrawal:${withdrawalId}`;
}

export function settleRequest(dossier: Dossier, asked: Asked, occurredAt: string): LedgerRequest {
  const { withdrawalId, accountId, terminalId } = dossier;
  return {
    commandId: asked.commandId,
    requester: REQUESTER,
    replyKey: terminalId,
    accountId,
    action: 'settle',
    holdId: holdIdOf(withdrawalId),
    take: asked.taken,
    occurredAt,
  };
}

/** A transaction that brings what is posted from what it is to what it is to be. */
export function postRequest(dossier: Dossier, asked: Asked, occurredAt: string): LedgerRequest {
  const { withdrawalId, accountId, terminalId, currency, taken = '0', serialNumber } = dossier;
  const moved = minorOf(taken, currency) - minorOf(asked.taken, currency);
  return {
    commandId: asked.commandId,
    requester: REQUESTER,
    replyKey: terminalId,
    accountId,
    action: 'post',
    transaction: {
      transactionId: `${asked.on}:${asked.commandId}`,
      accountId,
      direction: moved > 0n ? 'credit' : 'debit',
      amount: amountText(moved > 0n ? moved : -moved, currency),
      currency,
      occurredAt,
      kind: 'posting',
      channel: 'atm',
      counterparty: terminalId,
      reference: asked.on === 'refund' && serialNumber !== undefined ? serialNumber : withdrawalId,
      description: `${asked.on} of withdrawal ${withdrawalId}`,
    },
  };
}

/** Minor units of a decimal text that our own systems wrote. */
export function minorOf(amount: string, currency: string): bigint {
  const minor = parseMinorUnits(amount, currencyExponent(currency) ?? 0);
  return typeof minor === 'bigint' ? minor : 0n;
}

export function amountText(minor: bigint, currency: string): string {
  return formatMinorUnits(minor, currencyExponent(currency) ?? 0);
}

/** What happened to the withdrawal before, and that it was reported. */
export function entriesOf(failed: FailedDispense, entry: CaseEntry, known: readonly CaseEntry[]): readonly CaseEntry[] {
  const places = new Set(known.map(placeOf));
  return [...known, ...failed.history.filter((each) => !places.has(placeOf(each))), entry];
}

function placeOf({ topic, partition, offset, event }: CaseEntry): string {
  return `${topic} ${partition} ${offset} ${event}`;
}
