import { HeadraceError } from '../../errors.ts';
import { EARLIEST_MS, LATEST_MS } from '../../serde/avro/logical-types.ts';
import type { CellValue } from '../clickhouse.ts';
import { big, refused, whole } from './cell-checks.ts';
import { parametricWriter } from './parametric-writers.ts';
import type { RowBytes } from './row-bytes.ts';
import { splitType } from './type-text.ts';
import { utcTimeMs } from './utc-time.ts';

/** Writes one cell, or throws SINK_ROW_REFUSED before it has written anything of it. */
export type WriteCell = (out: RowBytes, value: CellValue) => void;

const DAY_MS = 86_400_000;

/** The writer for a column's type. Throws SINK_ROW_REFUSED for one that is not known here. */
export function cellWriter(type: string): WriteCell {
  const simple = SIMPLE[type];
  if (simple !== undefined) return simple;
  const { name, arguments: parts } = splitType(type);
  const [inner] = parts;
  if (inner !== undefined && parts.length === 1) {
    if (name === 'LowCardinality') return cellWriter(inner);
    if (name === 'Nullable') return nullable(cellWriter(inner));
    if (name === 'Array') return array(cellWriter(inner));
  }
  const write = parametricWriter(name, parts, cellWriter);
  if (write !== undefined) return write;
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
  Int8: (out, value) => out.uint8(whole(value, -0x80, 0x7f) & 0xff),
  Int16: (out, value) => out.uint16(whole(value, -0x8000, 0x7fff) & 0xffff),
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
  Float32: (out, value) => out.float32(float(value)),
  Float64: (out, value) => out.float64(float(value)),
  UUID: (out, value) => {
    const digits = uuidDigits(value);
    out.uint64(BigInt(`0x${digits.slice(0, 16)}`));
    out.uint64(BigInt(`0x${digits.slice(16)}`));
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

/** Infinities and NaN are numbers to ClickHouse too. */
function float(value: CellValue): number {
  if (typeof value !== 'number') throw refused(value, 'a number');
  return value;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const UUID_BYTES = 16;

/** The 32 hexadecimal digits of a UUID, given as text or as its bytes. */
function uuidDigits(value: CellValue): string {
  if (value instanceof Uint8Array && value.length === UUID_BYTES) return Buffer.from(value).toString('hex');
  if (typeof value !== 'string' || !UUID.test(value)) throw refused(value, 'a UUID');
  return value.replaceAll('-', '');
}

function dateTime(out: RowBytes, value: CellValue): void {
  const usual = typeof value === 'string' ? utcTimeMs(value) : Number.NaN;
  if (usual >= EARLIEST_MS && usual <= LATEST_MS) {
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
  if (ms < EARLIEST_MS || ms > LATEST_MS) throw refused(value, 'between the years 1900 and 2299');
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
