import { HeadraceError } from '../errors.ts';
import { currencyExponent } from './currency.ts';

/** The greatest number of minor units that money can have, in either direction: what an Int64 holds. */
export const MINOR_UNITS_MAX = 2n ** 63n - 1n;

/** Exists for the compiler only: an object that did not come from {@link money} is no Money. */
declare const checked: unique symbol;

/**
 * An amount in minor units with its currency (design D8). Two currencies do not add, nor does a plain number: neither
 * compiles.
 */
export interface Money<C extends string = string> {
  readonly currency: C;
  readonly minor: bigint;
  readonly [checked]: true;
}

/** Throws CURRENCY_UNKNOWN for a code that is not of ISO 4217, AMOUNT_OUT_OF_RANGE beyond an Int64. */
export function money<const C extends string>(currency: C, minor: bigint): Money<C> {
  if (currencyExponent(currency) === undefined) {
    throw new HeadraceError(
      'CURRENCY_UNKNOWN',
      `${JSON.stringify(currency)} is not an active currency code of ISO 4217`,
    );
  }
  return inRange(currency, minor);
}

/** The sum of two amounts of one currency. Throws AMOUNT_OUT_OF_RANGE beyond an Int64; it never wraps. */
export function addMoney<C extends string>(left: Money<C>, right: Money<NoInfer<C>>): Money<C> {
  return inRange(left.currency, left.minor + sameCurrency(left, right).minor);
}

/** The difference of two amounts of one currency. Throws as {@link addMoney}. */
export function subtractMoney<C extends string>(left: Money<C>, right: Money<NoInfer<C>>): Money<C> {
  return inRange(left.currency, left.minor - sameCurrency(left, right).minor);
}

/** The same amount the other way. It never throws, for the range is symmetric. */
export function negateMoney<C extends string>(amount: Money<C>): Money<C> {
  return inRange(amount.currency, -amount.minor);
}

/** -1 where `left` is less, 1 where it is more, else 0: an order for sort(). Throws AMOUNT_INVALID for two currencies. */
export function compareMoney<C extends string>(left: Money<C>, right: Money<NoInfer<C>>): -1 | 0 | 1 {
  const other = sameCurrency(left, right).minor;
  return left.minor < other ? -1 : left.minor > other ? 1 : 0;
}

/** What the text of an amount was refused for. */
export type AmountRefusal = 'malformed' | 'decimals' | 'range';

const DECIMAL = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;
/** Digits of the greatest amount; a text with more is out of range without being read. */
const WHOLE_DIGITS_MAX = MINOR_UNITS_MAX.toString().length;

/**
 * Minor units out of a decimal text such as "1100.00": an optional minus, digits without leading zeros, and at most
 * `exponent` decimals. No exponent notation, no grouping, no plus, no spaces. "1100" and "1100.0" are fine for a currency
 * with two decimals; "100.00" is refused for one with none. Never throws: a refusal is a value.
 */
export function parseMinorUnits(text: string, exponent: number): bigint | AmountRefusal {
  const match = DECIMAL.exec(text);
  if (match === null) return 'malformed';
  const [, sign, whole = '', decimals = ''] = match;
  if (decimals.length > exponent) return 'decimals';
  if (whole.length > WHOLE_DIGITS_MAX) return 'range';
  const minor = BigInt(`${whole}${decimals.padEnd(exponent, '0')}`);
  if (minor > MINOR_UNITS_MAX) return 'range';
  return sign === '-' ? -minor : minor;
}

/** The decimal text of minor units with exactly `exponent` decimals: 110000 with 2 is "1100.00". */
export function formatMinorUnits(minor: bigint, exponent: number): string {
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  if (exponent === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** The one place where money is made: the currency has been checked, the range is checked here. */
function inRange<C extends string>(currency: C, minor: bigint): Money<C> {
  if (minor > MINOR_UNITS_MAX || minor < -MINOR_UNITS_MAX) {
    throw new HeadraceError('AMOUNT_OUT_OF_RANGE', `${minor} minor units are more than 64 bits hold`);
  }
  return { currency, minor } as Money<C>;
}

/** The types say so already; this holds for those who come from JavaScript. */
function sameCurrency<C extends string>(left: Money<C>, right: Money<C>): Money<C> {
  if (left.currency === right.currency) return right;
  throw new HeadraceError('AMOUNT_INVALID', `${left.currency} and ${right.currency} don't go together`);
}
