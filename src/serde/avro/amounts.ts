import { currencyExponent } from '../currency.ts';
import { formatMinorUnits, MINOR_UNITS_MAX } from '../money.ts';
import { unreadable } from './byte-reader.ts';
import { unwritable } from './byte-writer.ts';
import type { AvroType, PrimitiveType } from './schema.ts';

/**
 * Amounts stand in JSON as decimal texts with exactly their currency's decimals (design D8). In Avro they are
 * `minor-units`, a long; or, for sums that outgrow 64 bits, Avro's own `decimal`, whose scale is that of the currency with
 * the most decimals. Which currency it is, the record says: see {@link NO_CURRENCY}.
 */
export function amountIn(type: AvroType): PrimitiveType | undefined {
  const isAmount =
    (type.kind === 'long' && type.logicalType === 'minor-units') ||
    (type.kind === 'bytes' && type.logicalType === 'decimal');
  return isAmount ? type : undefined;
}

/**
 * The currency of an amount is the field `currency` of its record or, where that has none, of the record around it; in a
 * map it is the key. This stands for the decimals of an amount whose currency is not known.
 */
export const NO_CURRENCY = -1;
export const CURRENCY_FIELD = 'currency';

const DECIMAL = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;
/** Digits that a double holds exactly. */
const EXACT_DIGITS = 15;
/** Digits of what `decimal` holds here: ClickHouse's Decimal(38, 4) shows no more. */
export const DIGITS_MAX = 38;
const TEXT_LENGTH_MAX = DIGITS_MAX + 3;
const POWERS: readonly bigint[] = Array.from({ length: DIGITS_MAX + 1 }, (_, exponent) => 10n ** BigInt(exponent));

/** Decimals of a currency's minor unit; the empty text is no currency, in which only whole units are counted. */
export function decimalsOf(currency: unknown): number {
  if (currency === '') return 0;
  return typeof currency === 'string' ? (currencyExponent(currency) ?? NO_CURRENCY) : NO_CURRENCY;
}

/** What an amount's text is in the schema's own unit. Throws SERIALIZATION_FAILED for what would not come back exactly. */
export function toUnits(value: unknown, decimals: number, type: PrimitiveType, path: string): number | bigint {
  if (typeof value !== 'string') throw unwritable(`${path} must be a decimal text, not ${typeof value}`);
  if (decimals === NO_CURRENCY) throw unwritable(`${path} is an amount, and its currency is missing or not known`);
  if (type.kind === 'long') {
    const units = shortUnits(value, decimals);
    if (units !== undefined && (type.minimum === undefined || units >= type.minimum)) return units;
  }
  const match = value.length > TEXT_LENGTH_MAX ? null : DECIMAL.exec(value);
  const [, sign, whole, fraction = ''] = match ?? [];
  if (whole === undefined) throw unwritable(`${path} ${quoted(value)} is no plain decimal number`);
  if (fraction.length !== decimals) throw unwritable(`${path} ${value} must have ${decimals} decimals`);
  const digits = `${whole}${fraction}${'0'.repeat(type.kind === 'bytes' ? (type.scale ?? 0) - decimals : 0)}`;
  const units = digits.length <= EXACT_DIGITS ? Number(digits) : BigInt(digits);
  if (sign === '-' && units <= 0) throw unwritable(`${path} ${value} is a negative zero`);
  const signed = sign === '-' ? -units : units;
  const reason = outOfRange(signed, type);
  if (reason !== undefined) throw unwritable(`${path} ${value} ${reason}`);
  return signed;
}

/** The units of a usual amount, without a regular expression; undefined for what must be looked at more closely. */
function shortUnits(text: string, decimals: number): number | undefined {
  const { length } = text;
  const isNegative = text.charCodeAt(0) === 45;
  const first = isNegative ? 1 : 0;
  const point = decimals === 0 ? length : length - decimals - 1;
  if (length - first > EXACT_DIGITS || point <= first || (point < length && text.charCodeAt(point) !== 46))
    return undefined;
  let units = 0;
  for (let at = first; at < length; at++) {
    if (at === point) continue;
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    units = units * 10 + digit;
  }
  const hasLeadingZero = text.charCodeAt(first) === 48 && point > first + 1;
  return hasLeadingZero || (isNegative && units === 0) ? undefined : isNegative ? -units : units;
}

/** The text of an amount. Throws DESERIALIZATION_FAILED for what can't be one. */
export function toText(units: number | bigint, decimals: number, type: PrimitiveType, path: string): string {
  if (decimals === NO_CURRENCY) throw unreadable(`${path} is an amount, and its currency is missing`);
  const reason = outOfRange(units, type);
  if (reason !== undefined) throw unreadable(`${path} of ${units} units ${reason}`);
  if (type.kind === 'long')
    return typeof units === 'number' ? shortText(units, decimals) : formatMinorUnits(units, decimals);
  const unit = POWERS[(type.scale ?? 0) - decimals]!;
  if (BigInt(units) % unit !== 0n)
    throw unreadable(`${path} has digits below the ${decimals} decimals of its currency`);
  return formatMinorUnits(BigInt(units) / unit, decimals);
}

function shortText(units: number, decimals: number): string {
  const digits = String(units < 0 ? -units : units).padStart(decimals + 1, '0');
  const sign = units < 0 ? '-' : '';
  const point = digits.length - decimals;
  return decimals === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function outOfRange(units: number | bigint, { kind, minimum, precision }: PrimitiveType): string | undefined {
  if (minimum !== undefined && units < minimum) return `is less than ${minimum} minor units`;
  // What is exact as a double is far within both.
  if (typeof units === 'number') return undefined;
  const greatest = kind === 'long' ? MINOR_UNITS_MAX : POWERS[precision ?? DIGITS_MAX]! - 1n;
  return units > greatest || units < -greatest ? 'is out of range' : undefined;
}

/** The shortest two's complement, big-endian: how Avro writes a decimal's unscaled number. */
export function toTwosComplement(value: number | bigint): Uint8Array {
  const whole = BigInt(value);
  // An even number of hexadecimal digits, of which the first bit is the sign.
  const digits = (whole < 0n ? -whole - 1n : whole).toString(16);
  const length = (digits.length >> 1) + 1;
  const bytes = Buffer.from(
    BigInt.asUintN(8 * length, whole)
      .toString(16)
      .padStart(2 * length, '0'),
    'hex',
  );
  const isLonger = digits.length % 2 === 0 && length > 1 && digits.charCodeAt(0) < 56;
  return isLonger ? bytes.subarray(1) : bytes;
}

/** The bytes of 38 digits and their sign. */
const TWOS_COMPLEMENT_BYTES_MAX = 17;

export function fromTwosComplement(bytes: Uint8Array): bigint {
  if (bytes.length === 0 || bytes.length > TWOS_COMPLEMENT_BYTES_MAX) {
    throw unreadable(`a decimal of ${bytes.length} bytes is out of range`);
  }
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${digits}`));
}

function quoted(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
}
