import { HeadraceError } from '../../errors.ts';
import type { CellValue, Column } from '../clickhouse.ts';
import { cellWriter, type WriteCell } from './cell-writers.ts';
import { RowBytes } from './row-bytes.ts';

/**
 * Encodes rows of one table as RowBinary into one growing buffer. A row that its columns cannot hold leaves nothing
 * behind.
 */
export class RowBinaryEncoder {
  readonly columns: readonly Column[];
  readonly #writers: readonly WriteCell[];
  readonly #out = new RowBytes();
  #rowCount = 0;

  /** Throws SINK_ROW_REFUSED for a type that is not known here. */
  constructor(columns: readonly Column[]) {
    this.columns = columns;
    this.#writers = columns.map((column) => cellWriter(column.type));
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get byteLength(): number {
    return this.#out.length;
  }

  /** Appends a row, its cells in the order of the columns. Throws SINK_ROW_REFUSED, naming column and reason. */
  append(cells: readonly CellValue[]): void {
    const start = this.#out.length;
    let i = 0;
    try {
      if (cells.length !== this.columns.length) {
        throw new HeadraceError('SINK_ROW_REFUSED', `${cells.length} cells for ${this.columns.length} columns`);
      }
      for (; i < cells.length; i++) this.#writers[i]!(this.#out, cells[i]!);
    } catch (error) {
      this.#out.truncate(start);
      if (!(error instanceof HeadraceError)) throw error;
      const column = this.columns[i];
      throw new HeadraceError(
        'SINK_ROW_REFUSED',
        `${column === undefined ? 'The row' : `Column ${column.name}`}: ${error.message}`,
      );
    }
    this.#rowCount++;
  }

  /** Where the buffer ends now; {@link rewind} takes back every row since. */
  mark(): { readonly byteLength: number; readonly rowCount: number } {
    return { byteLength: this.#out.length, rowCount: this.#rowCount };
  }

  rewind(mark: { readonly byteLength: number; readonly rowCount: number }): void {
    this.#out.truncate(mark.byteLength);
    this.#rowCount = mark.rowCount;
  }

  /** The rows so far, as a view that is valid until the next append. */
  bytes(): Uint8Array {
    return this.#out.bytes();
  }
}
