import { containsCardNumber, currencyExponent, isCardNumberAsAmount, MINOR_UNITS_MAX, parseMinorUnits } from 'headrace';
import type { AccountState } from './account-state.ts';
import type { BusinessTime } from './business-time.ts';
import {
  type AccountSettings,
  DIRECTIONS,
  type Direction,
  KINDS,
  type Kind,
  OPTIONAL_FIELDS,
  type OptionalField,
  type TransactionInput,
} from './events.ts';
import { field, hasLoneSurrogate, quoted, text } from './input-fields.ts';

/** Longest text of each field, in characters. */
export const TEXT_LENGTH_MAX: Readonly<
  Record<'amount' | 'currency' | 'direction' | 'kind' | 'occurredAt' | OptionalField, number>
> = {
  amount: 64,
  currency: 16,
  direction: 16,
  kind: 16,
  occurredAt: 64,
  channel: 64,
  counterparty: 256,
  description: 1_024,
  reference: 256,
};

/** How far ahead of its intake a transaction may say that it occurred (design D7). */
export const AHEAD_MAX_MS = 86_400_000;

const REQUIRED_FIELDS = ['direction', 'currency', 'occurredAt', 'kind'] as const;

/** A transaction before the rules, with all that they judge by. */
export interface Candidate {
  /** The record's key as text; null where it has none. */
  readonly key: string | null;
  readonly input: TransactionInput;
  /** When the record was taken in, milliseconds since 1970. */
  readonly takenInAt: number;
  readonly time: BusinessTime;
}

/** A transaction that has passed the rules about its form. */
export interface Transaction {
  readonly transactionId: string;
  readonly accountId: string;
  readonly direction: Direction;
  readonly minor: bigint;
  readonly currency: string;
  readonly exponent: number;
  readonly occurredAt: number;
  readonly kind: Kind;
  readonly optional: { readonly [Field in OptionalField]?: string };
  /** Equal for two transactions exactly if they say the same: what tells a duplicate from a conflict. */
  readonly content: string;
}

/** What the account's rules judge by. */
export interface Attempt {
  readonly transaction: Transaction;
  readonly account: AccountState;
  readonly settings: AccountSettings | null;
  /** The content of the accepted transaction with the same identity. */
  readonly seenContent: string | undefined;
}

/** One row: the code, what it means, and the reason why a subject is refused (undefined where it is not). */
export interface Rule<Subject, Code extends string> {
  readonly code: Code;
  readonly meaning: string;
  readonly refuses: (subject: Subject) => string | undefined;
}

export interface Refusal {
  readonly code: RefusalCode | SettlementCode;
  readonly reason: string;
}

/** Why a command about a hold is refused; what it would post is judged by the rules. */
export type SettlementCode =
  | 'HOLD_CONFLICT'
  | 'HOLD_UNKNOWN'
  | 'HOLD_REFUSED'
  | 'TAKE_INVALID'
  | 'TAKE_EXCEEDS_HOLD'
  | 'ALREADY_SETTLED';

export type RefusalCode = (typeof FORM_RULES)[number]['code'] | (typeof ACCOUNT_RULES)[number]['code'];

const rule =
  <Subject>() =>
  <const Code extends string>(
    code: Code,
    meaning: string,
    refuses: (subject: Subject) => string | undefined,
  ): Rule<Subject, Code> => ({ code, meaning, refuses });
const form = rule<Candidate>();
const account = rule<Attempt>();

/** Rules about the form of a transaction, in the order in which they are checked: the first that refuses gives the code. */
export const FORM_RULES = [
  form(
    'KEY_MISMATCH',
    "the record's key is not the accountId, so its order within the account is not known",
    ({ key, input }) =>
      key === input.accountId
        ? undefined
        : `the key is ${key === null ? 'null' : quoted(key)}, the accountId is ${quoted(input.accountId)}`,
  ),
  form('FIELD_MISSING', 'a required field is missing', ({ input }) => {
    const missing = [...REQUIRED_FIELDS, 'amount'].filter((name) => field(input, name) === undefined);
    return missing.length === 0 ? undefined : `missing: ${missing.join(', ')}`;
  }),
  form('FIELD_INVALID', 'a field is not a text, is too long, or holds half of a surrogate pair', ({ input }) => {
    for (const name of [...REQUIRED_FIELDS, ...OPTIONAL_FIELDS]) {
      const value = field(input, name);
      if (value === undefined) continue;
      if (typeof value !== 'string') return `${name} must be a text`;
      if (value.length > TEXT_LENGTH_MAX[name]) return `${name} is longer than ${TEXT_LENGTH_MAX[name]} characters`;
      if (hasLoneSurrogate(value)) return `${name} is not well-formed text`;
    }
    return hasLoneSurrogate(input.transactionId) || hasLoneSurrogate(input.accountId)
      ? 'an identifier is not well-formed text'
      : undefined;
  }),
  form('CARD_NUMBER', 'a field holds what looks like a card number', ({ input }) => {
    const found = ['transactionId', 'accountId', ...OPTIONAL_FIELDS].filter((name) => {
      const value = field(input, name);
      return typeof value === 'string' && containsCardNumber(value);
    });
    const amount = field(input, 'amount');
    if (typeof amount === 'string' && isCardNumberAsAmount(amount, field(input, 'currency'))) found.push('amount');
    return found.length === 0 ? undefined : `in ${found.join(', ')}; card numbers must not come in`;
  }),
  form('CURRENCY_UNKNOWN', 'the currency is not an active code of ISO 4217', ({ input }) =>
    currencyExponent(text(input, 'currency')) === undefined
      ? `${quoted(text(input, 'currency'))} is not a currency`
      : undefined,
  ),
  form(
    'AMOUNT_NOT_A_TEXT',
    'the amount is not a decimal text; a JSON number has lost digits before anybody could check',
    ({ input }) => (typeof input.amount === 'string' ? undefined : 'write the amount as a text, such as "1100.00"'),
  ),
  form('AMOUNT_MALFORMED', 'the amount is not a plain decimal number', (candidate) =>
    minorOf(candidate) === 'malformed'
      ? `${quoted(text(candidate.input, 'amount').slice(0, TEXT_LENGTH_MAX.amount))} is not a plain decimal number such as 1100.00`
      : undefined,
  ),
  form('AMOUNT_DECIMALS', 'the amount has more decimals than its currency', (candidate) => {
    const currency = text(candidate.input, 'currency');
    return minorOf(candidate) === 'decimals' ? `${currency} has ${currencyExponent(currency)} decimals` : undefined;
  }),
  form('AMOUNT_OUT_OF_RANGE', 'the amount has more minor units than 64 bits hold', (candidate) =>
    minorOf(candidate) === 'range' ? `the greatest amount has ${MINOR_UNITS_MAX} minor units` : undefined,
  ),
  form('AMOUNT_NOT_POSITIVE', 'the amount is zero or negative; the direction gives the sign', (candidate) => {
    const minor = minorOf(candidate);
    return typeof minor === 'bigint' && minor <= 0n ? 'the amount must be greater than zero' : undefined;
  }),
  form('DIRECTION_UNKNOWN', 'the direction is neither credit nor debit', ({ input }) =>
    DIRECTIONS.includes(text(input, 'direction') as Direction)
      ? undefined
      : `${quoted(text(input, 'direction'))} is neither credit nor debit`,
  ),
  form('KIND_UNKNOWN', 'the kind is neither posting nor request', ({ input }) =>
    KINDS.includes(text(input, 'kind') as Kind)
      ? undefined
      : `${quoted(text(input, 'kind'))} is neither posting nor request`,
  ),
  form(
    'OCCURRED_AT_INVALID',
    'occurredAt is not a time of RFC 3339 (or a date) between 1900 and 2298',
    ({ input, time }) =>
      time.parse(text(input, 'occurredAt')) === undefined
        ? `${quoted(text(input, 'occurredAt'))} is not a time such as 2026-01-31T12:00:00Z`
        : undefined,
  ),
  form('OCCURRED_AT_TOO_FAR_AHEAD', 'occurredAt is more than a day after the intake', ({ input, time, takenInAt }) =>
    time.parse(text(input, 'occurredAt'))! > takenInAt + AHEAD_MAX_MS
      ? `it was taken in at ${new Date(takenInAt).toISOString()}`
      : undefined,
  ),
] as const;

/** Rules about the account, checked after those of the form, in this order. */
export const ACCOUNT_RULES = [
  account(
    'DUPLICATE',
    'this transaction of this account was accepted before, with the same content',
    ({ transaction, seenContent }) => (seenContent === transaction.content ? 'it is posted already' : undefined),
  ),
  account(
    'CONFLICT',
    'a transaction of this account with the same transactionId and other content was accepted before',
    ({ seenContent }) => (seenContent === undefined ? undefined : 'another content is posted under this transactionId'),
  ),
  account('ACCOUNT_CLOSED', 'the account is closed', ({ settings }) =>
    settings?.status === 'closed' ? 'nothing is posted to a closed account' : undefined,
  ),
  account('BALANCE_OUT_OF_RANGE', "the account's balance would have more minor units than 64 bits hold", (attempt) => {
    const after = bookedAfter(attempt);
    // What a request reserves must fit too, and so must what is available then.
    const available = after - heldOf(attempt);
    return after > MINOR_UNITS_MAX || after < -MINOR_UNITS_MAX || available < -MINOR_UNITS_MAX
      ? `the balance would be ${after} minor units`
      : undefined;
  }),
  account('INSUFFICIENT_FUNDS', 'a request would bring the available balance below the overdraft limit', (attempt) => {
    const { transaction, settings } = attempt;
    if (transaction.kind !== 'request' || transaction.direction !== 'debit') return undefined;
    return bookedAfter(attempt) - heldOf(attempt) < -overdraftLimit(settings, transaction)
      ? 'the available balance is too low'
      : undefined;
  }),
] as const;

/** The transaction, or the first refusal. */
export function checkForm(candidate: Candidate): Transaction | Refusal {
  return firstRefusal(FORM_RULES, candidate) ?? toTransaction(candidate);
}

/** The first refusal, or undefined where the transaction can be posted. */
export function checkAccount(attempt: Attempt): Refusal | undefined {
  return firstRefusal(ACCOUNT_RULES, attempt);
}

export function effectOf({ direction, minor }: Pick<Transaction, 'direction' | 'minor'>): bigint {
  return direction === 'credit' ? minor : -minor;
}

function firstRefusal<Subject>(rules: readonly Rule<Subject, RefusalCode>[], subject: Subject): Refusal | undefined {
  for (const { code, refuses } of rules) {
    const reason = refuses(subject);
    if (reason !== undefined) return { code, reason };
  }
  return undefined;
}

function toTransaction({ input, time }: Candidate): Transaction {
  const currency = text(input, 'currency');
  const exponent = currencyExponent(currency)!;
  const minor = parseMinorUnits(text(input, 'amount'), exponent) as bigint;
  const occurredAt = time.parse(text(input, 'occurredAt'))!;
  const direction = text(input, 'direction') as Direction;
  const kind = text(input, 'kind') as Kind;
  const present = OPTIONAL_FIELDS.filter((name) => field(input, name) !== undefined);
  const optional = Object.fromEntries(present.map((name) => [name, text(input, name)]));
  const content = JSON.stringify([
    direction,
    minor.toString(),
    currency,
    occurredAt,
    kind,
    ...present.map((name) => [name, optional[name]]),
  ]);
  return {
    transactionId: input.transactionId,
    accountId: input.accountId,
    direction,
    minor,
    currency,
    exponent,
    occurredAt,
    kind,
    optional,
    content,
  };
}

function bookedAfter({ transaction, account: state }: Attempt): bigint {
  return (state.balances.get(transaction.currency)?.booked ?? 0n) + effectOf(transaction);
}

function heldOf({ transaction, account: state }: Attempt): bigint {
  return state.balances.get(transaction.currency)?.held ?? 0n;
}

/** A limit that is no amount of the currency counts as none: an account is never overdrawn by a typing error. */
export function overdraftLimit(
  settings: AccountSettings | null,
  { currency, exponent }: Pick<Transaction, 'currency' | 'exponent'>,
): bigint {
  const limits = settings?.overdraftLimits;
  if (limits === undefined || !Object.hasOwn(limits, currency)) return 0n;
  const minor = parseMinorUnits(limits[currency]!, exponent);
  return typeof minor === 'bigint' && minor > 0n ? minor : 0n;
}

function minorOf({ input }: Candidate) {
  return parseMinorUnits(text(input, 'amount'), currencyExponent(text(input, 'currency'))!);
}
