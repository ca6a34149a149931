import type { CellValue } from '../clickhouse.ts';
import { big, refused } from './cell-checks.ts';
import type { WriteCell } from './cell-writers.ts';
import type { RowBytes } from './row-bytes.ts';
import { elementType } from './type-text.ts';

/** ClickHouse documents DateTime64 from 1900 to 2299; of nanoseconds 64 bits reach to 2262 only. */
const SECONDS_MIN = BigInt(Date.UTC(1900, 0, 1)) / 1_000n;
const SECONDS_END = BigInt(Date.UTC(2300, 0, 1)) / 1_000n;
const INT64_MAX = 2n ** 63n - 1n;
const WORD_BITS = 64n;

/**
 * The writer of a type with arguments, or undefined for one that is not known here. A decimal's cell is its unscaled
 * number, a DateTime64's (beyond milliseconds) the ticks since 1970, a map's the list of its pairs, a tuple's the list of its elements.
 */
export function parametricWriter(
  name: string,
  parts: readonly string[],
  writerOf: (type: string) => WriteCell,
): WriteCell | undefined {
  switch (name) {
    case 'FixedString':
      return fixedString(Number(parts[0]));
    case 'Decimal':
      return decimal(Number(parts[0]));
    case 'DateTime64':
      return ticks(Number(parts[0]));
    case 'Enum8':
    case 'Enum16':
      return enumeration(name, parts);
    case 'Map':
      return map(writerOf(parts[0] ?? ''), writerOf(parts[1] ?? ''));
    case 'Tuple':
      return tuple(parts.map((part) => writerOf(elementType(part))));
    default:
      return undefined;
  }
}

/** A text or bytes of that length at most; ClickHouse fills the rest with zeros. */
function fixedString(size: number): WriteCell {
  return (out, value) => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    if (!(bytes instanceof Uint8Array) || bytes.length > size) throw refused(value, `${size} bytes`);
    out.fixed(bytes);
    if (bytes.length < size) out.fixed(new Uint8Array(size - bytes.length));
  };
}

function decimal(precision: number): WriteCell {
  const greatest = 10n ** BigInt(precision) - 1n;
  const words = precision <= 18 ? 1 : precision <= 38 ? 2 : 4;
  return (out, value) => {
    const unscaled = big(value, -greatest, greatest);
    if (precision <= 9) out.int32(Number(unscaled));
    else writeWords(out, unscaled, words);
  };
}

/** Two's complement in words of 64 bits, the lowest first. */
function writeWords(out: RowBytes, value: bigint, words: number): void {
  for (let word = 0; word < words; word++) out.uint64(BigInt.asUintN(64, value >> (WORD_BITS * BigInt(word))));
}

function ticks(digits: number): WriteCell {
  const factor = 10n ** BigInt(digits);
  const end = SECONDS_END * factor - 1n;
  return (out, value) => out.int64(big(value, SECONDS_MIN * factor, end < INT64_MAX ? end : INT64_MAX));
}

function enumeration(name: 'Enum8' | 'Enum16', parts: readonly string[]): WriteCell {
  const numbers = new Map(
    parts.map((part) => {
      const [, text = '', number] = /^'((?:[^'\\]|\\.)*)' *= *(-?\d+)$/.exec(part) ?? [];
      return [text.replaceAll(/\\(.)/g, '$1'), Number(number)];
    }),
  );
  return (out, value) => {
    const number = typeof value === 'string' ? numbers.get(value) : undefined;
    if (number === undefined) throw refused(value, `one of ${[...numbers.keys()].join(', ')}`);
    if (name === 'Enum8') out.uint8(number & 0xff);
    else out.uint16(number & 0xffff);
  };
}

function map(writeKey: WriteCell, writeValue: WriteCell): WriteCell {
  const pair = tuple([writeKey, writeValue]);
  return (out, value) => {
    if (!Array.isArray(value)) throw refused(value, 'a map');
    out.length32(value.length);
    for (const each of value as readonly CellValue[]) pair(out, each);
  };
}

function tuple(writers: readonly WriteCell[]): WriteCell {
  return (out, value) => {
    if (!Array.isArray(value) || value.length !== writers.length) throw refused(value, `${writers.length} elements`);
    const elements = value as readonly CellValue[];
    for (let i = 0; i < writers.length; i++) writers[i]!(out, elements[i]!);
  };
}
