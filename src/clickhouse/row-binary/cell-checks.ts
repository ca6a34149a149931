import { HeadraceError } from '../../errors.ts';
import type { CellValue } from '../clickhouse.ts';

/** A whole number within bounds. */
export function whole(value: CellValue, min: number, max: number): number {
  const number = typeof value === 'bigint' && value >= BigInt(min) && value <= BigInt(max) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    throw refused(value, `a whole number from ${min} to ${max}`);
  }
  return number;
}

/** The same of 64 bits and more. */
export function big(value: CellValue, min: bigint, max: bigint): bigint {
  const number = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof number !== 'bigint' || number < min || number > max)
    throw refused(value, `a whole number from ${min} to ${max}`);
  return number;
}

const SHOWN_MAX = 60;

/** SINK_ROW_REFUSED: a cell can't hold the value. */
export function refused(value: CellValue, wanted: string): HeadraceError {
  const text =
    typeof value === 'bigint'
      ? String(value)
      : value instanceof Uint8Array
        ? `${value.length} bytes`
        : JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? String(item) : item));
  return new HeadraceError('SINK_ROW_REFUSED', `${(text ?? 'nothing').slice(0, SHOWN_MAX)} is not ${wanted}`);
}
