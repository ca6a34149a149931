import { type CellValue, HeadraceError, type SinkRecord } from 'headrace';

/** Reading the values of the ledger's topics into cells. What can't be read is refused: SINK_ROW_REFUSED. */
type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(record: SinkRecord): Fields {
  return asObject(record.value, 'the value');
}

function asObject(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${name} is not an object`);
  return value as Fields;
}

export function objectIn(fields: Fields, name: string): Fields {
  return asObject(fields[name], name);
}

export function listIn(fields: Fields, name: string): readonly Fields[] {
  const list = fields[name];
  if (!Array.isArray(list)) throw refused(`${name} is not a list`);
  return list.map((item) => asObject(item, name));
}

export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw refused(`${name} is not a text`);
  return value;
}

export function optionalText(fields: Fields, name: string): string {
  return fields[name] === undefined ? '' : text(fields, name);
}

/** Numbers and booleans as they are: the column's type judges them. */
export function cell(fields: Fields, name: string): CellValue {
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
  const amount = text(fields, name);
  const point = amount.indexOf('.');
  const decimals = point < 0 ? 0 : amount.length - 1 - point;
  if (decimals > EXPONENT_MAX) throw refused(`${name} ${amount} has more than ${EXPONENT_MAX} decimals`);
  return decimals;
}

/** The minor units of an amount with exactly these decimals; wide sums and negative balances too. */
export function minor(fields: Fields, name: string, exponent: number): bigint {
  const amount = text(fields, name);
  const [, sign, whole, decimals = ''] = AMOUNT.exec(amount) ?? [];
  if (whole === undefined || decimals.length !== exponent)
    throw refused(`${name} ${amount} is not an amount with ${exponent} decimals`);
  if (whole.length + exponent > MINOR_DIGITS_MAX) throw refused(`${name} ${amount} is out of range`);
  return BigInt(`${sign}${whole}${decimals}`);
}

function refused(message: string): HeadraceError {
  return new HeadraceError('SINK_ROW_REFUSED', message);
}
