import type { RecordBatch } from '../../log/record-batch.ts';
import type { ScannerOf, ValueScanner } from '../../serde/avro/scan/value-scanner.ts';
import { POWERS_OF_TEN } from '../../serde/currency.ts';
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

const UINT32_MAX = 2 ** 32 - 1;

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
    const { list } = this.#program;
    const rows = list === undefined ? 1 : this.#scanner.found.numbers[list.index]!;
    const stride = list?.stride ?? 0;
    for (let row = 0; row < rows; row++) if (!this.#row(row * stride, out)) return -1;
    return rows;
  }

  #row(shift: number, out: RowBytes): boolean {
    const { kinds, slots, ofItem, currencies, scales, symbols } = this.#program;
    const { numbers, starts, ends, view } = this.#scanner.found;
    for (let i = 0; i < kinds.length; i++) {
      const slot = slots[i]! + shift * ofItem[i]!;
      switch (kinds[i]) {
        case OPTIONAL_TEXT:
        case TEXT: {
          const start = starts[slot]!;
          // An optional text that is absent is an empty one.
          if (start < 0) out.uint8(0);
          else out.rawOf(view, start, ends[slot]!);
          break;
        }
        case SYMBOL:
          out.raw(symbols[i]![numbers[slot]!]!);
          break;
        case BYTE:
          out.uint8(numbers[slot]!);
          break;
        case UNSIGNED_32:
          if (numbers[slot]! < 0 || numbers[slot]! > UINT32_MAX) return false;
          out.uint32(numbers[slot]!);
          break;
        case SIGNED_32:
          out.int32(numbers[slot]!);
          break;
        case UNSIGNED_64:
          if (numbers[slot]! < 0) return false;
          out.safeInteger64(numbers[slot]!);
          break;
        case SIGNED_64:
          out.safeInteger64(numbers[slot]!);
          break;
        case MINOR_128: {
          const currency = currencies[i]! + shift * ofItem[i]!;
          // A whole number: the scan takes no digits below the currency's decimals.
          const minor = numbers[slot]! / POWERS_OF_TEN[scales[i]! - numbers[currency]!]!;
          out.safeInteger64(minor);
          out.safeInteger64(minor < 0 ? -1 : 0);
          break;
        }
        default:
          return false;
      }
    }
    return true;
  }
}
