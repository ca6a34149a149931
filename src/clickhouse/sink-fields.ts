import { HeadraceError } from '../errors.ts';
import { EARLIEST_MS, LATEST_MS } from '../serde/avro/logical-types.ts';
import { currencyExponent } from '../serde/currency.ts';
import type { CellValue, Column } from './clickhouse.ts';
import type { SinkRecord } from './sink-table.ts';

/** A JSON object on its way into cells. What can't be read of it is refused: SINK_ROW_REFUSED. */
export type Fields = Readonly<Record<string, unknown>>;

/** Columns by name, in the order of a table's cells. */
export function columns(types: Readonly<Record<string, string>>): readonly Column[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

/** The value of a record. */
export function fieldsOf(record: SinkRecord): Fields {
  return asObject(record.value, 'the value');
}

function asObject(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${name} is not an object`);
  return value as Fields;
}

/** A field that must be an object. Throws DESERIALIZATION_FAILED for anything else. */
export function objectField(fields: Fields, name: string): Fields {
  return asObject(fields[name], name);
}

/** A field that must be a list. Throws DESERIALIZATION_FAILED for anything else. */
export function listField(fields: Fields, name: string): readonly Fields[] {
  const list = fields[name];
  if (!Array.isArray(list)) throw refused(`${name} is not a list`);
  return list.map((item) => asObject(item, name));
}

/** A field that must be text. Throws DESERIALIZATION_FAILED for anything else. */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw refused(`${name} is not a text`);
  return value;
}

/** Empty where the field is missing. */
export function optionalTextField(fields: Fields, name: string): string {
  return fields[name] === undefined ? '' : textField(fields, name);
}

/** Numbers and booleans as they are: the column's type judges them. */
export function plainField(fields: Fields, name: string): CellValue {
  const value = fields[name];
  if (typeof value !== 'number' && typeof value !== 'boolean') throw refused(`${name} is missing`);
  return value;
}

/** More decimals no currency of ISO 4217 has, and Decimal(38, 4) shows no more. */
const EXPONENT_MAX = 4;
/** Sums are wider than 64 bits, but stay below what Decimal(38, 4) shows. */
const MINOR_DIGITS_MAX = 33;
const AMOUNT = /^(-?)(\d+)(?:\.(\d+))?$/;

/** The currency's decimals: the ledger writes every amount with exactly these. */
export function decimalsOf(fields: Fields, name: string): number {
  const amount = textField(fields, name);
  const point = amount.indexOf('.');
  const decimals = point < 0 ? 0 : amount.length - 1 - point;
  if (decimals > EXPONENT_MAX) throw refused(`${name} ${amount} has more than ${EXPONENT_MAX} decimals`);
  return decimals;
}

/** The minor units of an amount with exactly these decimals; wide sums and negative balances too. */
export function minorField(fields: Fields, name: string, exponent: number): bigint {
  const amount = textField(fields, name);
  const usual = shortMinor(amount, exponent);
  if (usual !== undefined) return usual;
  const [, sign, whole, decimals = ''] = AMOUNT.exec(amount) ?? [];
  if (whole === undefined || decimals.length !== exponent)
    throw refused(`${name} ${amount} is not an amount with ${exponent} decimals`);
  if (whole.length + exponent > MINOR_DIGITS_MAX) throw refused(`${name} ${amount} is out of range`);
  return BigInt(`${sign}${whole}${decimals}`);
}

/** Digits that a number holds exactly. */
const SHORT_DIGITS_MAX = 15;
const [MINUS, POINT, ZERO] = [45, 46, 48] as const;

/** An amount of a usual length without the detour over a pattern; undefined where it is longer, or not in order. */
function shortMinor(amount: string, exponent: number): bigint | undefined {
  const start = amount.charCodeAt(0) === MINUS ? 1 : 0;
  const point = exponent === 0 ? amount.length : amount.length - exponent - 1;
  if (point <= start || amount.length - start > SHORT_DIGITS_MAX) return undefined;
  let minor = 0;
  for (let i = start; i < amount.length; i++) {
    const code = amount.charCodeAt(i);
    if (i === point) {
      if (code !== POINT) return undefined;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    minor = minor * 10 + digit;
  }
  return BigInt(start === 1 ? -minor : minor);
}

/** The minor units of an amount that may be written with fewer decimals than the currency has, as "50" for "50.00". */
export function anyMinorField(fields: Fields, name: string, exponent: number): bigint {
  const amount = textField(fields, name);
  const missing = exponent - decimalsOf(fields, name);
  const point = amount.includes('.') || missing <= 0 ? '' : '.';
  return minorField({ [name]: `${amount}${point}${'0'.repeat(Math.max(0, missing))}` }, name, exponent);
}

/** Decimals of the currency named by a field; of one that is none, as many as no amount has to have: 0. */
export function exponentField(fields: Fields, name: string): number {
  return currencyExponent(textField(fields, name)) ?? 0;
}

/** Milliseconds since 1970 of an RFC 3339 time in any zone; one that no column can hold becomes the nearest that it can. */
export function momentField(fields: Fields, name: string): number {
  const moment = Date.parse(textField(fields, name));
  if (Number.isNaN(moment)) throw refused(`${name} is not a time`);
  return Math.min(LATEST_MS, Math.max(EARLIEST_MS, moment));
}

function refused(message: string): HeadraceError {
  return new HeadraceError('SINK_ROW_REFUSED', message);
}
