import { protectTransaction } from '../../privacy/protect-transaction.ts';

/** A row of an input: the transaction's fields, protected (design D15), or why the row is none. Lines count from 1. */
export type InputRow = TransactionRow | RejectedRow;

export interface TransactionRow {
  readonly kind: 'transaction';
  readonly line: number;
  readonly fields: Record<string, unknown>;
}

/** `raw` is the row as it came, NOT masked; the whole of it, or the first characters of a row that is too long. */
export interface RejectedRow {
  readonly kind: 'rejected';
  readonly line: number;
  readonly reason: string;
  readonly raw: string;
}

export const IDENTIFIER_CHARACTERS_MAX = 200;

/** The row of these fields, rejected where it can't be attributed to a transaction and an account. */
export function inputRow(line: number, fields: Record<string, unknown>, raw: () => string): InputRow {
  const problem = identifierProblem(fields, 'transactionId') ?? identifierProblem(fields, 'accountId');
  if (problem !== undefined) return { kind: 'rejected', line, reason: problem, raw: raw() };
  const safe = protectTransaction(fields);
  return 'refusal' in safe
    ? { kind: 'rejected', line, reason: safe.refusal, raw: raw() }
    : { kind: 'transaction', line, fields: safe.fields };
}

function identifierProblem(fields: Record<string, unknown>, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return `${name} is missing`;
  if (typeof value !== 'string') return `${name} must be a string, it is ${nounFor(value)}`;
  if (value.trim() === '') return `${name} is blank`;
  if (value.length > IDENTIFIER_CHARACTERS_MAX) {
    return `${name} has ${value.length} characters, the limit is ${IDENTIFIER_CHARACTERS_MAX}`;
  }
  // A lone surrogate has no UTF-8: two identifiers that differ in it would become one key.
  if (/\p{Surrogate}/u.test(value)) return `${name} is not valid Unicode`;
  return undefined;
}

function nounFor(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
