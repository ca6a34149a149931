import { HeadraceError } from '../../errors.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { CellValue, Column } from '../clickhouse.ts';
import type { BufferPool } from './buffer-pool.ts';
import { cellWriter, type WriteCell } from './cell-writers.ts';
import { RowBytes } from './row-bytes.ts';

/** Writes rows of a record behind the end of `out`; -1, whatever it has written, where it does not take the record. */
export interface RowTranscoder {
  append(batch: RecordBatch, index: number, out: RowBytes): number;
}

/** Encodes rows of one table as RowBinary. A row that its columns cannot hold leaves nothing behind. */
export class RowBinaryEncoder {
  readonly columns: readonly Column[];
  readonly #writers: readonly WriteCell[];
  readonly #out: RowBytes;
  #rowCount = 0;

  /** Throws SINK_ROW_REFUSED for a type that is not known here. @param pool where its buffers come from. */
  constructor(columns: readonly Column[], pool?: BufferPool) {
    this.columns = columns;
    this.#out = new RowBytes(pool);
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

  /** Appends the rows that a transcoder makes of a record. False where it does not take it; nothing is left behind then. */
  appendWritten(transcoder: RowTranscoder, batch: RecordBatch, index: number): boolean {
    const start = this.#out.length;
    const rows = transcoder.append(batch, index, this.#out);
    if (rows < 0) this.#out.truncate(start);
    else this.#rowCount += rows;
    return rows >= 0;
  }

  /** Where the buffer ends now; {@link rewind} takes back every row since. */
  mark(): { readonly byteLength: number; readonly rowCount: number } {
    return { byteLength: this.#out.length, rowCount: this.#rowCount };
  }

  rewind(mark: { readonly byteLength: number; readonly rowCount: number }): void {
    this.#out.truncate(mark.byteLength);
    this.#rowCount = mark.rowCount;
  }

  /** The rows so far, as views of its buffers, which rows that come later leave as they are. */
  pieces(): readonly Uint8Array[] {
    return this.#out.pieces();
  }

  /** The rows so far in one piece; a copy unless they are short. */
  bytes(): Uint8Array {
    const pieces = this.pieces();
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** Gives its buffers back to the pool; nobody may use it or a view of it any more. */
  release(): void {
    this.#out.release();
  }
}
