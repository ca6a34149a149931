/** What stands on the topics of the ATM system, as JSON; docs/ARCHITECTURE.md lists them. Amounts are decimal texts. */

/** A record of `atm.withdrawals` whose form has been checked. */
export interface WithdrawalRequest {
  readonly withdrawalId: string;
  readonly accountId: string;
  readonly terminalId: string;
  readonly amount: string;
  readonly currency: string;
  /** RFC 3339. */
  readonly requestedAt: string;
  readonly reference?: string;
}

export const RESULT_STATUSES = ['DISPENSING', 'SUCCESS', 'PARTIAL', 'FAIL', 'RETRACTED'] as const;
export type ResultStatus = (typeof RESULT_STATUSES)[number];

export interface Notes {
  /** Decimal text. */
  readonly denomination: string;
  readonly count: number;
}

/** A record of `atm.dispense-results`: what a terminal says of a withdrawal. */
export interface DispenseResult {
  readonly withdrawalId: string;
  readonly terminalId: string;
  readonly status: ResultStatus;
  /** RFC 3339. */
  readonly occurredAt: string;
  /** What the customer took; PARTIAL needs it, SUCCESS means the whole amount. */
  readonly taken?: string;
  readonly currency?: string;
  readonly notes?: readonly Notes[];
  readonly reason?: string;
}

/** Where a record stands. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** One thing that happened to a withdrawal, and the state after it. */
export interface HistoryEntry extends Position {
  readonly event: string;
  readonly state: string;
  /** RFC 3339: when the record was taken in. */
  readonly at: string;
}

export const WITHDRAWAL_STATES = [
  'REQUESTED',
  'REFUSED',
  'AUTHORISED',
  'DISPENSING',
  'DISPENSED',
  'PARTIAL',
  'NOT_DISPENSED',
  'RETRACTED',
  'UNKNOWN',
  'REVERSAL_PENDING',
  'REVERSED',
  'SUSPECT',
  'RESOLVED',
] as const;
export type WithdrawalStateName = (typeof WITHDRAWAL_STATES)[number];

/** A record of `atm.withdrawal-states`: a withdrawal as it stands. */
export interface WithdrawalStatus extends WithdrawalRequest {
  readonly state: WithdrawalStateName;
  /** Grows with every change. */
  readonly version: number;
  /** What is posted to the account as taken. */
  readonly taken: string;
  /** What was held and is given back. */
  readonly reversed: string;
  readonly updatedAt: string;
  /** Why the ledger refused it, or what is wrong. */
  readonly code?: string;
  readonly reason?: string;
  readonly caseId?: string;
  readonly history: readonly HistoryEntry[];
}

/** What a failed dispense is about. */
export const FAILED_OUTCOMES = [
  /** Nothing came out, the terminal says. */
  'NOT_DISPENSED',
  /** A part came out. */
  'PARTIAL',
  /** Presented, and taken back by the terminal. */
  'RETRACTED',
  /** No answer in time. */
  'UNKNOWN',
  /** Cash came out after the withdrawal was given up as something else. */
  'LATE_SUCCESS',
  /** The terminal's answers exclude each other, or the withdrawal. */
  'CONTRADICTION',
  /** Results of a withdrawal that never came. */
  'ORPHAN',
] as const;
export type FailedOutcome = (typeof FAILED_OUTCOMES)[number];

/** A record of `atm.dispense.failed`. */
export interface FailedDispense {
  readonly withdrawalId: string;
  /** Empty for an orphan: nobody knows whose it is. */
  readonly accountId: string;
  /** Under which the first report stood, also where the withdrawal is of another: a withdrawal's reports are in one order. */
  readonly terminalId: string;
  /** Of this withdrawal, from 1 without a gap. */
  readonly number: number;
  readonly outcome: FailedOutcome;
  readonly reason: string;
  /** What was asked for; 0 in no currency for an orphan. */
  readonly amount: string;
  readonly currency: string;
  /** What this word of the terminal proves as taken. */
  readonly taken: string;
  /** The most that any of its words proves; absent where that is the same. */
  readonly proven?: string;
  /** Whether the ledger refused the withdrawal: nothing was ever held. */
  readonly isRefused?: boolean;
  /** Whether the hold is settled by the dispense itself, and the whole amount posted. */
  readonly isPosted: boolean;
  readonly occurredAt: string;
  readonly history: readonly HistoryEntry[];
}

/** A record of `atm.settlements`: what reconciliation did. */
export interface Settlement {
  readonly withdrawalId: string;
  readonly state: 'REVERSAL_PENDING' | 'REVERSED' | 'SUSPECT' | 'RESOLVED';
  /** Posted to the account in the end, and given back. */
  readonly taken: string;
  readonly reversed: string;
  readonly caseId?: string;
  readonly reason?: string;
}

/** A record of `atm.rejected`: an input that a rule refused. */
export interface RejectedAtmRecord {
  readonly code: string;
  readonly reason: string;
  readonly withdrawalId: string;
  readonly record: unknown;
  readonly source: Position;
}

/** A record of a topic of timers: the time has come as far as this, milliseconds since 1970. */
export interface Tick {
  readonly at: number;
}

/** What this system asks of the ledger, on `ledger.commands`; the ledger's own page says more. */
export interface LedgerRequest {
  readonly commandId: string;
  readonly requester: string;
  readonly replyKey: string;
  readonly accountId: string;
  readonly action: 'hold' | 'settle';
  readonly holdId: string;
  readonly occurredAt: string;
  /** Of a hold. */
  readonly amount?: string;
  readonly currency?: string;
  readonly details?: Readonly<Record<string, string>>;
  /** Of a settlement. */
  readonly take?: string;
}

/** What the ledger answers, on `ledger.outcomes`. */
export interface LedgerAnswer {
  readonly requester: string;
  readonly replyKey: string;
  readonly action: 'hold' | 'settle' | 'post';
  readonly status: 'done' | 'refused';
  readonly code?: string;
  readonly reason?: string;
  readonly taken?: string;
}
