import { HeadraceError } from '../errors.ts';
import { currencyExponent } from './currency.ts';

/** The greatest number of minor units that money can have, in either direction: what an Int64 holds. */
export const MINOR_UNITS_MAX = 2n ** 63n - 1n;

/** An amount in minor units with its currency (design D8). Two currencies do not add: that does not compile. */
export interface Money<C extends string = string> {
  readonly currency: C;
  readonly minor: bigint;
}

/** Throws CURRENCY_UNKNOWN for a code that is not of ISO 4217, AMOUNT_OUT_OF_RANGE beyond an Int64. */
export function money<const C extends string>(currency: C, minor: bigint): Money<C> {
  if (currencyExponent(currency) === undefined) {
    throw new HeadraceError(
      'CURRENCY_UNKNOWN',
      `${JSON.stringify(currency)} is not an active currency code of ISO 4217`,
    );
  }
  return { currency, minor: inRange(minor) };
}

/** The sum of two amounts of one currency. Throws AMOUNT_OUT_OF_RANGE beyond an Int64; it never wraps. */
export function addMoney<C extends string>(left: Money<C>, right: Money<NoInfer<C>>): Money<C> {
  return { currency: left.currency, minor: inRange(left.minor + sameCurrency(left, right).minor) };
}

/** The difference of two amounts of one currency. Throws as {@link addMoney}. */
export function subtractMoney<C extends string>(left: Money<C>, right: Money<NoInfer<C>>): Money<C> {
  return { currency: left.currency, minor: inRange(left.minor - sameCurrency(left, right).minor) };
}

/** What the text of an amount was refused for. */
export type AmountRefusal = 'malformed' | 'decimals' | 'range';

const DECIMAL = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;
/** More digits than any amount in range has. */
const TEXT_LENGTH_MAX = 40;

/**
 * Minor units out of a decimal text such as "1100.00": an optional minus, digits without leading zeros, and at most
 * `exponent` decimals. No exponent notation, no grouping, no plus, no spaces. "1100" and "1100.0" are fine for a currency
 * with two decimals; "100.00" is refused for one with none. Never throws: a refusal is a value.
 */
export function parseMinorUnits(text: string, exponent: number): bigint | AmountRefusal {
  if (text.length > TEXT_LENGTH_MAX) return /^-?\d+(\.\d+)?$/.test(text) ? 'range' : 'malformed';
  const match = DECIMAL.exec(text);
  if (match === null) return 'malformed';
  const [, sign, whole, decimals = ''] = match;
  if (decimals.length > exponent) return 'decimals';
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

function inRange(minor: bigint): bigint {
  if (minor > MINOR_UNITS_MAX || minor < -MINOR_UNITS_MAX) {
    throw new HeadraceError('AMOUNT_OUT_OF_RANGE', `${minor} minor units are more than 64 bits hold`);
  }
  return minor;
}

/** The types say so already; this holds for those who come from JavaScript. */
function sameCurrency<C extends string>(left: Money<C>, right: Money<C>): Money<C> {
  if (left.currency === right.currency) return right;
  throw new HeadraceError('AMOUNT_INVALID', `${left.currency} and ${right.currency} can't be added`);
}
