import type { RecordBatch } from '../../log/record-batch.ts';
import type { ScannerOf, ValueScanner } from '../../serde/avro/scan/value-scanner.ts';
import type { RowBytes } from '../row-binary/row-bytes.ts';
import type { SinkTable } from '../sink-table.ts';
import {
  BYTE,
  type CellProgram,
  cellProgram,
  MINOR_128,
  OPTIONAL_TEXT,
  SIGNED_32,
  SIGNED_64,
  SYMBOL,
  TEXT,
  UNSIGNED_32,
  UNSIGNED_64,
} from './cell-program.ts';
import { cellsOf } from './field-table.ts';

/** Longer texts are copied by the engine: its call costs as much as a loop over so many bytes. */
const SHORT_TEXT_BYTES = 48;
const UINT32_MAX = 2 ** 32 - 1;
const TWO_TO_32 = 2 ** 32;

/**
 * Makes rows as RowBinary of Avro values, without a value in between. What it does not take is not wrong yet: the general way
 * (decoded to JSON's shape, then SinkTable.rows, then the encoder) makes its rows, or says why there are none. Both ways write the
 * same bytes.
 */
export class Transcoder {
  readonly #scanner: ValueScanner;
  readonly #program: CellProgram;

  private constructor(scanner: ValueScanner, program: CellProgram) {
    this.#scanner = scanner;
    this.#program = program;
  }

  /** Undefined for a table that is no {@link fieldTable}, or has a topic or a cell that can't be scanned. */
  static of(table: SinkTable, scannerOf: ScannerOf): Transcoder | undefined {
    const cells = cellsOf(table);
    const scanner = cells && scannerOf(table.topic);
    const program = scanner && cellProgram(table.columns, cells, scanner.layout);
    return program && new Transcoder(scanner, program);
  }

  /** Writes the rows of a record behind the end of `out`, and returns how many; -1 where it does not take the record. */
  append(batch: RecordBatch, index: number, out: RowBytes): number {
    if (!this.#scanner.scan(batch, index)) return -1;
    const { list, fixedBytesMax, textCopies } = this.#program;
    const rows = list === undefined ? 1 : this.#scanner.found.numbers[list.index]!;
    const stride = list?.stride ?? 0;
    // Its texts lie side by side in the value, so that together they are no longer; but several columns may hold the same one.
    const bytesMax = fixedBytesMax + textCopies * batch.valueLength(index);
    for (let row = 0; row < rows; row++) if (!this.#row(row * stride, out, bytesMax)) return -1;
    return rows;
  }

  #row(shift: number, out: RowBytes, bytesMax: number): boolean {
    const { kinds, slots, ofItem, currencies, scales, symbols } = this.#program;
    const { numbers, starts, ends, bytes: source } = this.#scanner.found;
    const bytes = out.room(bytesMax);
    let at = out.length;
    for (let i = 0; i < kinds.length; i++) {
      const slot = slots[i]! + shift * ofItem[i]!;
      switch (kinds[i]) {
        case OPTIONAL_TEXT:
        case TEXT: {
          const start = starts[slot]!;
          if (start < 0) bytes[at++] = 0;
          else at = writeText(bytes, at, source, start, ends[slot]!);
          break;
        }
        case SYMBOL:
          at = writeBytes(bytes, at, symbols[i]![numbers[slot]!]!);
          break;
        case BYTE:
          bytes[at++] = numbers[slot]!;
          break;
        case UNSIGNED_32:
          if (numbers[slot]! < 0 || numbers[slot]! > UINT32_MAX) return false;
          at = write32(bytes, at, numbers[slot]!);
          break;
        case SIGNED_32:
          at = write32(bytes, at, numbers[slot]!);
          break;
        case UNSIGNED_64:
          if (numbers[slot]! < 0) return false;
          at = write64(bytes, at, numbers[slot]!);
          break;
        case SIGNED_64:
          at = write64(bytes, at, numbers[slot]!);
          break;
        case MINOR_128: {
          const currency = currencies[i]! + shift * ofItem[i]!;
          // A whole number: the scan takes no digits below the currency's decimals.
          const minor = numbers[slot]! / 10 ** (scales[i]! - numbers[currency]!);
          at = write64(bytes, at, minor);
          at = write64(bytes, at, minor < 0 ? -1 : 0);
          break;
        }
        default:
          return false;
      }
    }
    out.extend(at);
    return true;
  }
}

/** A text with its length before it, as LEB128. */
function writeText(bytes: Uint8Array, from: number, source: Uint8Array, start: number, end: number): number {
  let at = from;
  let length = end - start;
  while (length >= 0x80) {
    bytes[at++] = (length & 0x7f) | 0x80;
    length >>>= 7;
  }
  bytes[at++] = length;
  if (end - start > SHORT_TEXT_BYTES) bytes.set(source.subarray(start, end), at);
  else for (let i = 0; i < end - start; i++) bytes[at + i] = source[start + i]!;
  return at + end - start;
}

function writeBytes(bytes: Uint8Array, at: number, source: Uint8Array): number {
  for (let i = 0; i < source.length; i++) bytes[at + i] = source[i]!;
  return at + source.length;
}

/** Little-endian; two's complement for what is below zero. */
function write32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

/** As write32, of a whole number that a double holds exactly. */
function write64(bytes: Uint8Array, at: number, value: number): number {
  const low = value >>> 0;
  write32(bytes, at, low);
  return write32(bytes, at + 4, (value - low) / TWO_TO_32);
}
