import { HeadraceError, jsonSerde, type Serde } from 'headrace';
import type { DispenseResult, HistoryEntry, Position, WithdrawalRequest } from './events.ts';
import type { Transition } from './transitions.ts';

/** A result with where it came from. */
export interface ReceivedResult {
  readonly result: DispenseResult;
  readonly source: Position;
  readonly at: string;
}

/** What is remembered of a withdrawal. */
export interface Withdrawal {
  readonly withdrawalId: string;
  readonly state: Transition['from'];
  /** None while only results are known. */
  readonly request?: WithdrawalRequest;
  readonly version: number;
  /** Of the next report to reconciliation. */
  readonly reports: number;
  /** Posted and given back, decimal texts; none as long as nothing is known. */
  readonly taken?: string;
  readonly reversed?: string;
  /** The terminal under which reconciliation was first told of it: all that it is told stands in one order there. */
  readonly reportedUnder?: string;
  /** The most that any word of its terminal proves as taken, decimal text. */
  readonly proven?: string;
  /** Whether the ledger was asked to post the whole amount. */
  readonly isPosted: boolean;
  /** Milliseconds since 1970; the entry of the store `deadlines` under which it stands. */
  readonly deadline?: number;
  /** Results that came before there was an authorisation to judge them by. */
  readonly early: readonly ReceivedResult[];
  /** What every result said that was taken: the same again says nothing new. */
  readonly seen: readonly string[];
  readonly code?: string;
  readonly reason?: string;
  readonly caseId?: string;
  readonly history: readonly HistoryEntry[];
}

/** Of which nothing is known yet. */
export function newWithdrawal(withdrawalId: string): Withdrawal {
  return { withdrawalId, state: 'NEW', version: 0, reports: 0, isPosted: false, early: [], seen: [], history: [] };
}

/** Results that a withdrawal takes in all; more say nothing that these don't. */
export const RESULTS_MAX = 16;

export const withdrawalSerde: Serde<Withdrawal> = jsonSerde((parsed) => {
  const withdrawal = parsed as Partial<Withdrawal> | null;
  if (typeof withdrawal?.state === 'string' && Array.isArray(withdrawal.history) && Array.isArray(withdrawal.early)) {
    return withdrawal as Withdrawal;
  }
  throw new HeadraceError('DESERIALIZATION_FAILED', "The state of a withdrawal can't be read");
});

/** What a result says, whenever and however often it says it. */
export function sayingOf({ status, taken, currency, terminalId, notes }: DispenseResult): string {
  return JSON.stringify([status, taken ?? null, currency ?? null, terminalId, notes ?? null]);
}
