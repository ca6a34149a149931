import { HeadraceError } from 'headrace';

/** What stands on the ledger's topics, as JSON; docs/ARCHITECTURE.md lists the topics. Amounts are decimal texts. */

export const DIRECTIONS = ['credit', 'debit'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** A `posting` is a settled fact and always posted; a `request` is refused where funds are short. */
export const KINDS = ['posting', 'request'] as const;
export type Kind = (typeof KINDS)[number];

/** Free texts that a transaction may carry. */
export const OPTIONAL_FIELDS = ['channel', 'counterparty', 'description', 'reference'] as const;
export type OptionalField = (typeof OPTIONAL_FIELDS)[number];

/** A record of `transactions` as it was read: it can be attributed, and nothing else is known of it yet. */
export interface TransactionInput {
  readonly transactionId: string;
  readonly accountId: string;
  readonly [field: string]: unknown;
}

export interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface LedgerPosting {
  readonly ledgerAccount: string;
  readonly direction: Direction;
  readonly amount: string;
  readonly currency: string;
}

export type LedgerTransaction = {
  readonly transactionId: string;
  readonly accountId: string;
  readonly direction: Direction;
  readonly amount: string;
  readonly currency: string;
  readonly occurredAt: string;
  readonly kind: Kind;
  readonly sequence: number;
  readonly balanceAfter: string;
  readonly availableAfter: string;
  readonly isOverdrawn: boolean;
  readonly postings: readonly LedgerPosting[];
  readonly source: Source;
} & { readonly [Field in OptionalField]?: string };

export interface RejectedTransaction {
  readonly code: string;
  readonly reason: string;
  readonly transactionId: string;
  readonly accountId: string;
  readonly transaction: unknown;
  readonly source: Source;
}

export interface Posting extends LedgerPosting {
  readonly accountId: string;
  readonly transactionId: string;
  readonly sequence: number;
  readonly leg: number;
  readonly occurredAt: string;
}

export interface CurrencyBalance {
  readonly currency: string;
  readonly booked: string;
  readonly held: string;
  readonly available: string;
}

export interface AccountBalances {
  readonly accountId: string;
  /** Of the last transaction. */
  readonly sequence: number;
  /** Grows with every change, by a transaction or a hold. */
  readonly version: number;
  readonly balances: readonly CurrencyBalance[];
  readonly occurredAt: string;
}

export interface DailySummary {
  readonly accountId: string;
  readonly day: string;
  readonly currency: string;
  readonly credits: string;
  readonly debits: string;
  readonly count: number;
  readonly version: number;
}

/** A record of `accounts`: what the bank has settled for an account. */
export interface AccountSettings {
  readonly accountId: string;
  readonly status: 'open' | 'closed';
  /** By currency, decimal text: how far below zero a request may bring the account. */
  readonly overdraftLimits?: Readonly<Record<string, string>>;
}

/** Longest identifier of a transaction or an account, in characters. */
export const IDENTIFIER_LENGTH_MAX = 200;

/**
 * Reads a parsed value of `transactions`. Throws DESERIALIZATION_FAILED where it can't be attributed: it is no object, or
 * it has no usable transactionId or accountId. Everything else is for the rules.
 */
export function toTransactionInput(parsed: unknown): TransactionInput {
  const fields = toObject(parsed, 'A transaction');
  for (const name of ['transactionId', 'accountId'] as const) {
    const identifier = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof identifier !== 'string' || identifier === '' || identifier.length > IDENTIFIER_LENGTH_MAX) {
      throw invalid(`A transaction needs ${name}: a text of 1 to ${IDENTIFIER_LENGTH_MAX} characters`);
    }
  }
  return fields as TransactionInput;
}

/** Reads a parsed value of `accounts`. Throws DESERIALIZATION_FAILED. */
export function toAccountSettings(parsed: unknown): AccountSettings {
  const { accountId, status, overdraftLimits } = toObject(parsed, 'An account');
  if (typeof accountId !== 'string' || accountId === '') throw invalid('An account needs an accountId');
  if (status !== 'open' && status !== 'closed') throw invalid('An account\'s status must be "open" or "closed"');
  if (overdraftLimits === undefined) return { accountId, status };
  const limits = Object.entries(toObject(overdraftLimits, 'overdraftLimits'));
  if (!limits.every(([, limit]) => typeof limit === 'string')) {
    throw invalid('overdraftLimits must be decimal texts by currency, such as { "EUR": "500.00" }');
  }
  return { accountId, status, overdraftLimits: Object.fromEntries(limits) as Record<string, string> };
}

function toObject(parsed: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw invalid(`${what} must be a JSON object`);
  return parsed as Readonly<Record<string, unknown>>;
}

function invalid(message: string): HeadraceError {
  return new HeadraceError('DESERIALIZATION_FAILED', message);
}
