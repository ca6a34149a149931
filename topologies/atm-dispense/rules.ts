import {
  containsCardNumber,
  currencyExponent,
  formatMinorUnits,
  HeadraceError,
  isCardNumberAsAmount,
  parseMinorUnits,
} from 'headrace';
import { type DispenseResult, type Notes, RESULT_STATUSES, type WithdrawalRequest } from './events.ts';

/** Why an input is refused. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly reason: string;
}

/** An input of which nothing is known yet but whose withdrawal it is. */
export interface RawInput {
  readonly withdrawalId: string;
  readonly [field: string]: unknown;
}

/** One rule of a table: the first that refuses gives the code. */
interface Rule<Subject, Code extends string> {
  readonly code: Code;
  readonly meaning: string;
  readonly refuses: (subject: Subject) => string | undefined;
}

/** The ids of holds and refunds are made of these, and must be within the ledger's limit of 200. */
const IDENTIFIER_LENGTH_MAX = 128;
/** As the ledger's: an account may have a longer name than a terminal. */
const ACCOUNT_LENGTH_MAX = 200;
/** The ledger takes no longer references. */
const TEXT_LENGTH_MAX = 256;
const AMOUNT_LENGTH_MAX = 64;
/** Kinds of notes in a machine; the most that a dispenser has are a handful of cassettes. */
const NOTES_MAX = 32;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** An input with its record's key. */
interface Keyed {
  readonly key: string | null;
  readonly input: RawInput;
}

const form = <const Code extends string>(
  code: Code,
  meaning: string,
  refuses: (subject: Keyed) => string | undefined,
): Rule<Keyed, Code> => ({ code, meaning, refuses });

function texts(required: readonly string[], optional: readonly string[]) {
  return [
    form('KEY_MISMATCH', "the record's key is not the withdrawalId, so the order is not known", ({ key, input }) =>
      key === input.withdrawalId ? undefined : 'the key must be the withdrawalId',
    ),
    form('FIELD_MISSING', 'a required field is missing', ({ input }) => {
      const missing = required.filter((name) => field(input, name) === undefined);
      return missing.length === 0 ? undefined : `missing: ${missing.join(', ')}`;
    }),
    form(
      'FIELD_INVALID',
      'a field is not a text, is empty or too long, or holds half of a surrogate pair',
      ({ input }) => {
        for (const name of ['withdrawalId', ...required, ...optional]) {
          const value = field(input, name);
          if (value === undefined) continue;
          if (typeof value !== 'string' || value === '') return `${name} must be a text`;
          const longest = longestOf(name);
          if (value.length > longest) return `${name} is longer than ${longest} characters`;
          if (LONE_SURROGATE.test(value)) return `${name} is not well-formed text`;
        }
        return undefined;
      },
    ),
    form('CARD_NUMBER', 'a field holds what looks like a card number', ({ input }) => {
      const found = ['withdrawalId', ...required, ...optional].filter((name) => {
        const value = field(input, name);
        if (typeof value !== 'string') return false;
        const isAmount = name === 'amount' || name === 'taken';
        return isAmount ? isCardNumberAsAmount(value, field(input, 'currency')) : containsCardNumber(value);
      });
      return found.length === 0 ? undefined : `in ${found.join(', ')}; card numbers must not come in`;
    }),
  ] as const;
}

const moment = (name: string) =>
  form('TIME_INVALID', 'a time is not one of RFC 3339 with a zone', ({ input }) => {
    const value = text(input, name);
    return MOMENT.test(value) && !Number.isNaN(Date.parse(value))
      ? undefined
      : `${name} must be a time such as 2026-01-31T12:00:00Z`;
  });

/** Rules about the form of a withdrawal, in the order in which they are checked. */
export const WITHDRAWAL_RULES = [
  ...texts(['accountId', 'terminalId', 'amount', 'currency', 'requestedAt'], ['reference']),
  moment('requestedAt'),
  form('CURRENCY_UNKNOWN', 'the currency is not an active code of ISO 4217', ({ input }) =>
    currencyExponent(text(input, 'currency')) === undefined ? 'use an active code of ISO 4217' : undefined,
  ),
  form('AMOUNT_INVALID', "the amount is no positive amount with the currency's decimals", ({ input }) => {
    const minor = parseAmount(text(input, 'amount'), text(input, 'currency'));
    return typeof minor === 'bigint' && minor > 0n ? undefined : 'the amount must be a positive text such as "50.00"';
  }),
] as const;

/** Rules about the form of a dispense result, in the order in which they are checked. */
export const RESULT_RULES = [
  ...texts(['terminalId', 'status', 'occurredAt'], ['taken', 'currency', 'reason']),
  moment('occurredAt'),
  form('STATUS_UNKNOWN', 'the status is none that a terminal gives', ({ input }) =>
    (RESULT_STATUSES as readonly string[]).includes(text(input, 'status'))
      ? undefined
      : `the status must be one of ${RESULT_STATUSES.join(', ')}`,
  ),
  form('TAKEN_INVALID', 'what was taken is no amount, or is missing where a part was taken', ({ input }) => {
    const taken = field(input, 'taken') as string | undefined;
    if (taken === undefined)
      return text(input, 'status') === 'PARTIAL' ? 'PARTIAL needs taken, such as "20.00"' : undefined;
    return taken.length <= AMOUNT_LENGTH_MAX && /^\d+(\.\d{1,4})?$/.test(taken)
      ? undefined
      : 'taken must be an amount such as "20.00"';
  }),
  form('NOTES_INVALID', 'the notes are no list of denominations and counts, neither negative', ({ input }) => {
    const notes = field(input, 'notes');
    if (notes === undefined) return undefined;
    return Array.isArray(notes) && notes.length <= NOTES_MAX && notes.every(isNotes)
      ? undefined
      : 'notes must be a list of { "denomination": "50.00", "count": 2 }';
  }),
] as const;

/** What the withdrawal itself excludes; such a result is a contradiction, and evidence all the same. */
export const CONTRADICTION_RULES = [
  contradiction('TERMINAL_MISMATCH', 'the result comes from another terminal', ({ withdrawal, result }) =>
    result.terminalId === withdrawal.terminalId ? undefined : `the withdrawal is of terminal ${withdrawal.terminalId}`,
  ),
  contradiction('CURRENCY_MISMATCH', 'the result is in another currency', ({ withdrawal, result }) =>
    result.currency === undefined || result.currency === withdrawal.currency
      ? undefined
      : `the withdrawal is in ${withdrawal.currency}`,
  ),
  contradiction('TAKEN_EXCEEDS_WITHDRAWAL', 'more was taken than was asked for', ({ amount, taken }) =>
    taken === undefined || taken <= amount ? undefined : 'more was taken than was asked for',
  ),
  contradiction('TAKEN_CONTRADICTS_STATUS', 'what was taken does not fit the status', ({ result, amount, taken }) => {
    if (result.taken !== undefined && taken === undefined) return "taken has decimals that the currency doesn't have";
    if (taken === undefined) return undefined;
    const fits =
      result.status === 'SUCCESS'
        ? taken === amount
        : result.status === 'PARTIAL'
          ? taken > 0n && taken < amount
          : result.status === 'FAIL'
            ? taken === 0n
            : true;
    return fits ? undefined : `${result.taken} taken does not fit ${result.status}`;
  }),
  contradiction('NOTES_CONTRADICT_TAKEN', 'the notes do not add up to what was taken', (subject) => {
    const { result, withdrawal, amount, taken } = subject;
    if (result.notes === undefined) return undefined;
    const sum = sumOf(result.notes, withdrawal.currency);
    const expected = taken ?? (result.status === 'SUCCESS' ? amount : 0n);
    return sum === expected ? undefined : 'the notes do not add up';
  }),
] as const;

export type RefusalCode =
  | (typeof WITHDRAWAL_RULES)[number]['code']
  | (typeof RESULT_RULES)[number]['code']
  | (typeof CONTRADICTION_RULES)[number]['code']
  | 'WITHDRAWAL_CONFLICT'
  | 'TOO_MANY_RESULTS'
  | 'WITHDRAWAL_UNKNOWN';

interface Compared {
  readonly withdrawal: WithdrawalRequest;
  readonly result: DispenseResult;
  /** Minor units asked for, and taken (undefined where the result says nothing of it). */
  readonly amount: bigint;
  readonly taken: bigint | undefined;
}

export function checkWithdrawal(key: string | null, input: RawInput): WithdrawalRequest | Refusal {
  const refusal = firstRefusal(WITHDRAWAL_RULES, { key, input });
  if (refusal !== undefined) return refusal;
  const { withdrawalId, accountId, terminalId, amount, currency, requestedAt, reference } =
    input as unknown as WithdrawalRequest;
  // With exactly the currency's decimals from here on, as every amount that we write.
  const exact = formatMinorUnits(parseAmount(amount, currency) as bigint, currencyExponent(currency)!);
  const request = { withdrawalId, accountId, terminalId, amount: exact, currency, requestedAt };
  return reference === undefined || reference === null ? request : { ...request, reference };
}

export function checkResult(key: string | null, input: RawInput): DispenseResult | Refusal {
  const refusal = firstRefusal(RESULT_RULES, { key, input });
  if (refusal !== undefined) return refusal;
  const present = Object.fromEntries(
    ['withdrawalId', 'terminalId', 'status', 'occurredAt', 'taken', 'currency', 'notes', 'reason']
      .map((name) => [name, field(input, name)] as const)
      .filter(([, value]) => value !== undefined),
  );
  return present as unknown as DispenseResult;
}

/** Why the withdrawal excludes a result, or undefined. */
export function checkAgainst(withdrawal: WithdrawalRequest, result: DispenseResult): Refusal | undefined {
  const amount = parseAmount(withdrawal.amount, withdrawal.currency) as bigint;
  const parsed = result.taken === undefined ? undefined : parseAmount(result.taken, withdrawal.currency);
  const taken = typeof parsed === 'bigint' ? parsed : undefined;
  return firstRefusal(CONTRADICTION_RULES, { withdrawal, result, amount, taken });
}

/**
 * Reads a parsed value of a topic of terminals. Throws DESERIALIZATION_FAILED where it can't be attributed to a
 * withdrawal; everything else is for the rules.
 */
export function toRawInput(parsed: unknown): RawInput {
  const withdrawalId =
    typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) && Object.hasOwn(parsed, 'withdrawalId')
      ? (parsed as RawInput).withdrawalId
      : undefined;
  if (typeof withdrawalId !== 'string' || withdrawalId === '' || withdrawalId.length > IDENTIFIER_LENGTH_MAX) {
    throw new HeadraceError(
      'DESERIALIZATION_FAILED',
      `What a terminal sends needs withdrawalId: a text of 1 to ${IDENTIFIER_LENGTH_MAX} characters`,
    );
  }
  return parsed as RawInput;
}

export function parseAmount(amount: string, currency: string): ReturnType<typeof parseMinorUnits> {
  return parseMinorUnits(amount, currencyExponent(currency)!);
}

function contradiction<const Code extends string>(
  code: Code,
  meaning: string,
  refuses: (subject: Compared) => string | undefined,
): Rule<Compared, Code> {
  return { code, meaning, refuses };
}

function firstRefusal<Subject>(rules: readonly Rule<Subject, RefusalCode>[], subject: Subject): Refusal | undefined {
  for (const { code, refuses } of rules) {
    const reason = refuses(subject);
    if (reason !== undefined) return { code, reason };
  }
  return undefined;
}

function longestOf(name: string): number {
  if (name === 'accountId') return ACCOUNT_LENGTH_MAX;
  return name.endsWith('Id') ? IDENTIFIER_LENGTH_MAX : TEXT_LENGTH_MAX;
}

function isNotes(value: unknown): value is Notes {
  const { denomination, count } = (value ?? {}) as Partial<Record<keyof Notes, unknown>>;
  return (
    typeof denomination === 'string' &&
    denomination.length <= AMOUNT_LENGTH_MAX &&
    /^\d{1,9}(\.\d{1,4})?$/.test(denomination) &&
    Number.isSafeInteger(count) &&
    (count as number) >= 0
  );
}

/** Minor units, or undefined where a denomination is none of the currency. */
function sumOf(notes: readonly Notes[], currency: string): bigint | undefined {
  let sum = 0n;
  for (const { denomination, count } of notes) {
    const minor = parseAmount(denomination, currency);
    if (typeof minor !== 'bigint') return undefined;
    sum += minor * BigInt(count);
  }
  return sum;
}

/** Own fields only; null counts as absent. */
function field(input: RawInput, name: string): unknown {
  return Object.hasOwn(input, name) ? (input[name] ?? undefined) : undefined;
}

/** For rules behind FIELD_INVALID, where the field is known to be a text. */
function text(input: RawInput, name: string): string {
  return field(input, name) as string;
}
