import { currencyExponent, formatMinorUnits, HeadraceError } from 'headrace';
import type { AccountState, BalanceState } from './account-state.ts';
import type { AccountBalances, Direction, LedgerPosting, LedgerTransaction, Posting, Source } from './events.ts';
import { effectOf, type Transaction } from './rules.ts';

/** What posting a transaction makes of an account, and what it tells everyone else. */
export interface Posted {
  readonly account: AccountState;
  readonly transaction: LedgerTransaction;
  readonly postings: readonly Posting[];
  readonly balances: AccountBalances;
}

/**
 * Posts an accepted transaction: next sequence, new balance, two legs that sum to zero. Pure; the rules have been checked
 * before.
 */
export function post(account: AccountState, transaction: Transaction, source: Source): Posted {
  const { transactionId, accountId, currency, exponent, direction, minor, kind, optional } = transaction;
  const before = account.balances.get(currency) ?? { booked: 0n, held: 0n };
  const balance: BalanceState = { booked: before.booked + effectOf(transaction), held: before.held };
  const sequence = account.sequence + 1;
  const version = account.version + 1;
  const balances = new Map(account.balances).set(currency, balance);
  const amount = formatMinorUnits(minor, exponent);
  const occurredAt = new Date(transaction.occurredAt).toISOString();
  const legs: readonly LedgerPosting[] = [
    { ledgerAccount: `customer:${accountId}`, direction, amount, currency },
    { ledgerAccount: contraAccount(optional.channel), direction: opposite(direction), amount, currency },
  ];
  requireZeroSum(legs.map((leg) => effectOf({ direction: leg.direction, minor })));
  const ledgerTransaction: LedgerTransaction = {
    transactionId,
    accountId,
    direction,
    amount,
    currency,
    occurredAt,
    kind,
    ...optional,
    sequence,
    balanceAfter: formatMinorUnits(balance.booked, exponent),
    availableAfter: formatMinorUnits(balance.booked - balance.held, exponent),
    isOverdrawn: balance.booked < 0n,
    postings: legs,
    source,
  };
  return {
    account: { sequence, version, balances },
    transaction: ledgerTransaction,
    postings: legs.map((leg, index) => ({ accountId, transactionId, sequence, leg: index, ...leg, occurredAt })),
    balances: balancesOf(accountId, { sequence, version, balances }, occurredAt),
  };
}

/** What the topic `balances` says of an account. */
export function balancesOf(
  accountId: string,
  { sequence, version, balances }: AccountState,
  occurredAt: string,
): AccountBalances {
  return {
    accountId,
    sequence,
    version,
    balances: [...balances].map(([code, state]) => balanceText(code, state)),
    occurredAt,
  };
}

/**
 * The bank's own account on the other side: cash for what is paid in or out in notes, else the clearing account of the
 * channel on which it came.
 */
function contraAccount(channel: string | undefined): string {
  if (channel === undefined || channel === '') return 'clearing:general';
  return channel === 'atm' || channel === 'branch' ? `cash:${channel}` : `clearing:${channel}`;
}

function opposite(direction: Direction): Direction {
  return direction === 'credit' ? 'debit' : 'credit';
}

function balanceText(currency: string, { booked, held }: BalanceState) {
  const exponent = currencyExponent(currency)!;
  return {
    currency,
    booked: formatMinorUnits(booked, exponent),
    held: formatMinorUnits(held, exponent),
    available: formatMinorUnits(booked - held, exponent),
  };
}

function requireZeroSum(effects: readonly bigint[]): void {
  if (effects.reduce((sum, effect) => sum + effect, 0n) !== 0n) {
    throw new HeadraceError('PROCESSING_FAILED', 'Invariant broken: the postings of a transaction do not sum to zero');
  }
}
