import { formatMinorUnits, HeadraceError, jsonSerde, parseMinorUnits, type Serde } from 'headrace';
import type { AccountState } from './account-state.ts';
import type { HoldCommand, SettleCommand } from './commands.ts';
import type { TransactionInput } from './events.ts';
import type { Refusal, Transaction } from './rules.ts';

/** What the ledger remembers of a hold, for ever: it answers every later command about it. Amounts are decimal texts. */
export interface Hold {
  readonly status: 'placed' | 'settled' | 'refused';
  /** The command's content: the same id with other content is another hold. */
  readonly content: string;
  readonly amount: string;
  readonly currency: string;
  readonly exponent: number;
  readonly details: HoldCommand['details'];
  /** Of a settled hold. */
  readonly taken?: string;
  /** Of a refused hold. */
  readonly code?: string;
  readonly reason?: string;
}

export const holdSerde: Serde<Hold> = jsonSerde((parsed) => {
  const hold = parsed as Partial<Hold> | null;
  if (typeof hold?.status === 'string' && typeof hold.amount === 'string' && typeof hold.content === 'string') {
    return hold as Hold;
  }
  throw new HeadraceError('DESERIALIZATION_FAILED', "The state of a hold can't be read");
});

/** A hold is judged as the request that it stands for. */
export function asRequest({ holdId, accountId, amount, currency, occurredAt, details }: HoldCommand): TransactionInput {
  return {
    ...details,
    transactionId: holdId,
    accountId,
    direction: 'debit',
    amount,
    currency,
    occurredAt,
    kind: 'request',
  };
}

/** Equal for two commands exactly if they ask for the same hold. */
export function contentOf({ amount, currency, occurredAt, details }: HoldCommand): string {
  return JSON.stringify([amount, currency, occurredAt, Object.entries(details ?? {}).sort()]);
}

/** Reserves the amount: booked stays, held grows. */
export function place(account: AccountState, { currency, minor }: Transaction): AccountState {
  const { booked, held } = account.balances.get(currency) ?? { booked: 0n, held: 0n };
  const balances = new Map(account.balances).set(currency, { booked, held: held + minor });
  return { ...account, version: account.version + 1, balances };
}

/** Lets a whole hold go. */
export function release(account: AccountState, hold: Hold): AccountState {
  const { booked, held } = account.balances.get(hold.currency)!;
  const balances = new Map(account.balances).set(hold.currency, { booked, held: held - minorOf(hold) });
  return { ...account, version: account.version + 1, balances };
}

export function minorOf({ amount, exponent }: Hold): bigint {
  return parseMinorUnits(amount, exponent) as bigint;
}

/** Why a hold can't be settled as the command wants, or undefined. */
export function checkSettlement(hold: Hold | undefined, { take }: SettleCommand): Refusal | undefined {
  if (hold === undefined) return { code: 'HOLD_UNKNOWN', reason: 'the account has no such hold' };
  if (hold.status === 'refused') return { code: 'HOLD_REFUSED', reason: `the hold was refused: ${hold.reason}` };
  const minor = parseMinorUnits(take, hold.exponent);
  if (typeof minor !== 'bigint' || minor < 0n) {
    return { code: 'TAKE_INVALID', reason: `${JSON.stringify(take.slice(0, 40))} is no amount of ${hold.currency}` };
  }
  if (minor > minorOf(hold)) return { code: 'TAKE_EXCEEDS_HOLD', reason: `the hold is of ${hold.amount}` };
  if (hold.status === 'settled' && parseMinorUnits(hold.taken!, hold.exponent) !== minor) {
    return { code: 'ALREADY_SETTLED', reason: `${hold.taken} was taken when it was settled before` };
  }
  return undefined;
}

/** The debit that a settlement posts: a settled fact, for the cash is gone. */
export function debitOf(
  hold: Hold,
  { holdId, accountId }: SettleCommand,
  minor: bigint,
  occurredAt: number,
): Transaction {
  const { currency, exponent, details = {} } = hold;
  return {
    transactionId: holdId,
    accountId,
    direction: 'debit',
    minor,
    currency,
    exponent,
    occurredAt,
    kind: 'posting',
    optional: details,
    content: hold.content,
  };
}

/** What was taken and what was given back of a settled hold. */
export function settledFigures(hold: Hold): { readonly taken: string; readonly released: string } {
  const taken = parseMinorUnits(hold.taken!, hold.exponent) as bigint;
  return {
    taken: formatMinorUnits(taken, hold.exponent),
    released: formatMinorUnits(minorOf(hold) - taken, hold.exponent),
  };
}
