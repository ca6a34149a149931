import { currencyExponent } from '../serde/currency.ts';
import { containsCardNumber, maskCardNumbers } from './card-numbers.ts';

/** Fields that would say something else if they were masked: two identifiers could become one. */
const IDENTIFIERS = ['transactionId', 'accountId'] as const;
/** Fields whose whole value is secret, wherever they stand. */
const SECRET_NAME = /^(?:card_?)?(?:cvv2?|cvc2?|pin|track_?[123]?(?:_?data)?)$/i;
/** Levels of objects within a field. */
const DEPTH_MAX = 32;

export type ProtectedTransaction = { readonly fields: Record<string, unknown> } | { readonly refusal: string };

class TooDeep {}

/**
 * A copy of a transaction's fields that holds no card data (design D15): card numbers in texts, names and numbers at any
 * depth are masked, fields named cvv, cvc, pin or track become stars. A card number in an identifier or as the amount is
 * a refusal, for masked they would say something else; so are fields nested deeper than 32 levels.
 */
export function protectTransaction(fields: Record<string, unknown>): ProtectedTransaction {
  for (const name of IDENTIFIERS) {
    const value = own(fields, name);
    if ((typeof value === 'string' || typeof value === 'number') && containsCardNumber(String(value))) {
      return { refusal: `${name} holds what looks like a card number; use an identifier that is none` };
    }
  }
  if (isCardNumberAsAmount(own(fields, 'amount'), own(fields, 'currency'))) {
    return { refusal: 'amount holds what looks like a card number; card numbers must not come in' };
  }
  const copy = protect(fields, 0);
  return copy instanceof TooDeep
    ? { refusal: `a field is nested deeper than ${DEPTH_MAX} levels` }
    : { fields: copy as Record<string, unknown> };
}

/**
 * Whether an amount is a card number rather than money. Every tenth row of digits passes Luhn's check, and money must be
 * exact up to the limits of its type; so digits with a decimal point, and those of a currency that has no decimals, are
 * money.
 */
export function isCardNumberAsAmount(amount: unknown, currency: unknown): boolean {
  if (typeof amount === 'number') return containsCardNumber(String(amount));
  if (typeof amount !== 'string') return false;
  if (/^-?\d+\.\d{1,4}$/.test(amount)) return false;
  const isWholeUnits = typeof currency === 'string' && currencyExponent(currency) === 0 && /^-?\d+$/.test(amount);
  return !isWholeUnits && containsCardNumber(amount);
}

function isMoney(amount: unknown, currency: unknown): amount is string {
  return typeof amount === 'string' && !isCardNumberAsAmount(amount, currency);
}

function own(fields: object, name: string): unknown {
  return Object.hasOwn(fields, name) ? (fields as Record<string, unknown>)[name] : undefined;
}

/**
 * A copy of any JSON value without card data, identifiers too: for what is refused or told, where nothing is to be found
 * again by them. A number that is masked becomes a text. What is nested too deeply is left out.
 */
export function withoutCardData(value: unknown): unknown {
  const copy = protect(value, 0);
  return copy instanceof TooDeep ? null : copy;
}

function protect(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskCardNumbers(value);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const text = String(value);
    return containsCardNumber(text) ? maskCardNumbers(text) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return new TooDeep();
  return Array.isArray(value) ? protectArray(value, depth) : protectObject(value, depth);
}

function protectArray(values: readonly unknown[], depth: number): unknown {
  const copy: unknown[] = [];
  for (const value of values) {
    const safe = protect(value, depth + 1);
    if (safe instanceof TooDeep) return safe;
    copy.push(safe);
  }
  return copy;
}

/** The copy has no prototype, so that a field named `__proto__` is a field like any other. */
function protectObject(value: object, depth: number): unknown {
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, inner] of Object.entries(value)) {
    const safe = SECRET_NAME.test(name)
      ? starsFor(inner)
      : name === 'amount' && isMoney(inner, own(value, 'currency'))
        ? inner
        : protect(inner, depth + 1);
    if (safe instanceof TooDeep) return safe;
    copy[maskCardNumbers(name)] = safe;
  }
  return copy;
}

/** Always as many, for the length of a PIN is of use to a thief. */
function starsFor(value: unknown): unknown {
  return value === null || value === undefined || value === '' ? value : '***';
}
