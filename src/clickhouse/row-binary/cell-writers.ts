import { HeadraceError } from '../../errors.ts';
import type { CellValue } from '../clickhouse.ts';
import type { RowBytes } from './row-bytes.ts';
import { utcTimeMs } from './utc-time.ts';

/** Writes one cell, or throws SINK_ROW_REFUSED before it has written anything of it. */
export type WriteCell = (out: RowBytes, value: CellValue) => void;

/** ClickHouse documents DateTime64 and Date32 from 1900 to 2299; a column's partition is right only there. */
const DATE_TIME_MIN_MS = Date.UTC(1900, 0, 1);
const DATE_TIME_MAX_MS = Date.UTC(2300, 0, 1) - 1;
const DAY_MS = 86_400_000;

/** The writer for a column's type. Throws SINK_ROW_REFUSED for one that is not known here. */
export function cellWriter(type: string): WriteCell {
  const simple = SIMPLE[type];
  if (simple !== undefined) return simple;
  const wrapped = /^(LowCardinality|Nullable|Array)\((.*)\)$/.exec(type);
  const inner = wrapped?.[2];
  if (inner !== undefined) {
    const write = cellWriter(inner);
    if (wrapped?.[1] === 'LowCardinality') return write;
    return wrapped?.[1] === 'Nullable' ? nullable(write) : array(write);
  }
  throw new HeadraceError('SINK_ROW_REFUSED', `The type ${type} is not one that Headrace writes`);
}

const SIMPLE: Readonly<Record<string, WriteCell>> = {
  String: (out, value) => {
    if (typeof value === 'string') out.text(value);
    else if (value instanceof Uint8Array) out.raw(value);
    else throw refused(value, 'a text');
  },
  Bool: (out, value) => {
    if (typeof value !== 'boolean') throw refused(value, 'true or false');
    out.uint8(value ? 1 : 0);
  },
  UInt8: (out, value) => out.uint8(whole(value, 0, 0xff)),
  UInt16: (out, value) => out.uint16(whole(value, 0, 0xffff)),
  UInt32: (out, value) => out.uint32(whole(value, 0, 0xffff_ffff)),
  Int32: (out, value) => out.int32(whole(value, -0x8000_0000, 0x7fff_ffff)),
  UInt64: (out, value) => {
    if (typeof value === 'number') out.safeInteger64(whole(value, 0, Number.MAX_SAFE_INTEGER));
    else out.uint64(big(value, 0n, 2n ** 64n - 1n));
  },
  Int64: (out, value) => {
    if (typeof value === 'number') out.safeInteger64(whole(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
    else out.int64(big(value, INT64_MIN, INT64_MAX));
  },
  Int128: (out, value) => {
    const number = big(value, INT128_MIN, INT128_MAX);
    out.uint64(BigInt.asUintN(64, number));
    out.int64(number >> 64n);
  },
  'DateTime64(3)': dateTime,
  "DateTime64(3, 'UTC')": dateTime,
  Date32: (out, value) => {
    const ms = milliseconds(value, /^\d{4}-\d{2}-\d{2}$/, 'a day (YYYY-MM-DD)');
    out.int32(Math.floor(ms / DAY_MS));
  },
};

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INT128_MIN = -(2n ** 127n);
const INT128_MAX = 2n ** 127n - 1n;

function dateTime(out: RowBytes, value: CellValue): void {
  const usual = typeof value === 'string' ? utcTimeMs(value) : Number.NaN;
  if (usual >= DATE_TIME_MIN_MS && usual <= DATE_TIME_MAX_MS) {
    out.safeInteger64(usual);
    return;
  }
  out.safeInteger64(
    milliseconds(value, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/, 'a time in UTC (RFC 3339)'),
  );
}

/** Milliseconds since 1970 of a number of them, or of a text in the given form. */
function milliseconds(value: CellValue, form: RegExp, wanted: string): number {
  const ms =
    typeof value === 'number' ? value : typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isInteger(ms)) throw refused(value, wanted);
  // Date.parse takes 31 February for 3 March; what is written back differs then. Up to the 28th every day exists.
  if (
    typeof value === 'string' &&
    value.slice(8, 10) > '28' &&
    !new Date(ms).toISOString().startsWith(value.slice(0, 19))
  )
    throw refused(value, wanted);
  if (ms < DATE_TIME_MIN_MS || ms > DATE_TIME_MAX_MS) throw refused(value, 'between the years 1900 and 2299');
  return ms;
}

function nullable(write: WriteCell): WriteCell {
  return (out, value) => {
    out.uint8(value === null ? 1 : 0);
    if (value !== null) write(out, value);
  };
}

function array(write: WriteCell): WriteCell {
  return (out, value) => {
    if (!Array.isArray(value)) throw refused(value, 'a list');
    out.length32(value.length);
    for (const item of value as readonly CellValue[]) write(out, item);
  };
}

function whole(value: CellValue, min: number, max: number): number {
  const number = typeof value === 'bigint' && value >= BigInt(min) && value <= BigInt(max) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    throw refused(value, `a whole number from ${min} to ${max}`);
  }
  return number;
}

function big(value: CellValue, min: bigint, max: bigint): bigint {
  const number = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof number !== 'bigint' || number < min || number > max)
    throw refused(value, `a whole number from ${min} to ${max}`);
  return number;
}

const SHOWN_MAX = 60;

function refused(value: CellValue, wanted: string): HeadraceError {
  const text =
    typeof value === 'bigint'
      ? String(value)
      : value instanceof Uint8Array
        ? `${value.length} bytes`
        : JSON.stringify(value);
  return new HeadraceError('SINK_ROW_REFUSED', `${(text ?? 'nothing').slice(0, SHOWN_MAX)} is not ${wanted}`);
}
