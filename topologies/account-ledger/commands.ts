import { HeadraceError } from 'headrace';
import type { OptionalField } from './events.ts';

/**
 * What other systems of the bank ask of the ledger, on `ledger.commands`; the answers go to `ledger.outcomes` under the
 * `replyKey` that the command gives, so that each requester reads them where its own state is.
 */
interface Command {
  readonly commandId: string;
  /** The system that asks, and reads the answer. */
  readonly requester: string;
  /** The key under which the answer is written. */
  readonly replyKey: string;
  readonly accountId: string;
}

/** Reserves an amount: it stays booked and is no longer available. Judged like a request to debit. */
export interface HoldCommand extends Command {
  readonly action: 'hold';
  /** Unique within the account; it is also the identity of the transaction that settling may post. */
  readonly holdId: string;
  readonly amount: string;
  readonly currency: string;
  /** RFC 3339. */
  readonly occurredAt: string;
  /** What the transaction will carry. */
  readonly details?: { readonly [Field in OptionalField]?: string };
}

/** Ends a hold: posts a debit of what was taken (nothing for zero), and the whole reservation is gone. */
export interface SettleCommand extends Command {
  readonly action: 'settle';
  readonly holdId: string;
  /** Decimal text, at most the hold's amount. */
  readonly take: string;
  /** RFC 3339. */
  readonly occurredAt: string;
}

/** Posts a transaction under the rules of `transactions`. */
export interface PostCommand extends Command {
  readonly action: 'post';
  readonly transaction: Readonly<Record<string, unknown>>;
}

export type LedgerCommand = HoldCommand | SettleCommand | PostCommand;
export const COMMAND_ACTIONS = ['hold', 'settle', 'post'] as const satisfies readonly LedgerCommand['action'][];

/** The answer to a command. The same command gets the same answer, however often it comes. */
export interface LedgerOutcome {
  readonly commandId: string;
  readonly requester: string;
  readonly replyKey: string;
  readonly action: LedgerCommand['action'];
  readonly accountId: string;
  /** Of the hold, or the transaction that was to be posted. */
  readonly subjectId: string;
  readonly status: 'done' | 'refused';
  readonly code?: string;
  readonly reason?: string;
  readonly currency?: string;
  /** Of a settled hold, also where the refusal is that it was settled otherwise: decimal texts. */
  readonly taken?: string;
  readonly released?: string;
}

/**
 * Reads a parsed value of `ledger.commands`. Throws DESERIALIZATION_FAILED where it could not be answered; what it asks
 * for is for the rules.
 */
export function toLedgerCommand(parsed: unknown): LedgerCommand {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw invalid('it must be a JSON object');
  const fields = parsed as Readonly<Record<string, unknown>>;
  for (const name of ['commandId', 'requester', 'replyKey', 'accountId']) {
    if (typeof fields[name] !== 'string' || fields[name] === '') throw invalid(`${name} must be a text`);
  }
  const needed = NEEDED[fields.action as LedgerCommand['action']];
  if (needed === undefined) throw invalid(`action must be one of ${COMMAND_ACTIONS.join(', ')}`);
  for (const name of needed) if (typeof fields[name] !== 'string') throw invalid(`${name} must be a text`);
  const nested = fields.action === 'post' ? fields.transaction : fields.details;
  if ((fields.action === 'post' || nested !== undefined) && !isFields(nested)) {
    throw invalid(`${fields.action === 'post' ? 'transaction' : 'details'} must be an object`);
  }
  return parsed as LedgerCommand;
}

const NEEDED: Readonly<Partial<Record<string, readonly string[]>>> = {
  hold: ['holdId', 'amount', 'currency', 'occurredAt'],
  settle: ['holdId', 'take', 'occurredAt'],
  post: [],
};

function isFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): HeadraceError {
  return new HeadraceError('DESERIALIZATION_FAILED', `A command to the ledger can't be read: ${message}`);
}
