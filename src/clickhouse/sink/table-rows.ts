import type { RecordBatch } from '../../log/record-batch.ts';
import type { Column } from '../clickhouse.ts';
import type { BufferPool } from '../row-binary/buffer-pool.ts';
import { RowBinaryEncoder } from '../row-binary/encoder.ts';
import { slicePieces } from '../row-binary/slice-pieces.ts';

/** A record with the place of its rows among the bytes of a {@link TableRows}. */
export interface EncodedRecord {
  readonly batch: RecordBatch;
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly rowCount: number;
}

/** A batch, where its rows begin among the bytes as they were written, and which record of all is its first. */
interface Span {
  readonly batch: RecordBatch;
  readonly start: number;
  readonly first: number;
}

const RECORDS_AT_FIRST = 1_024;

/** Rows of one table as RowBinary, and which record each of them is of. */
export class TableRows {
  readonly table: string;
  readonly encoder: RowBinaryEncoder;
  /** In the order in which they came. */
  readonly #spans: Span[] = [];
  /** By record: where its rows end, and how many it has. */
  #ends = new Uint32Array(RECORDS_AT_FIRST);
  #rowCounts = new Uint32Array(RECORDS_AT_FIRST);
  #recordCount = 0;

  /** @param pool where buffers come from. */
  constructor(table: string, columns: readonly Column[], pool?: BufferPool) {
    this.table = table;
    this.encoder = new RowBinaryEncoder(columns, pool);
  }

  get columns(): readonly Column[] {
    return this.encoder.columns;
  }

  get rowCount(): number {
    return this.encoder.rowCount;
  }

  get byteLength(): number {
    return this.encoder.byteLength;
  }

  /** The rows that come next are those of this batch; the caller says where those of each of its records end. */
  begin(batch: RecordBatch): void {
    this.#spans.push({ batch, start: this.encoder.byteLength, first: this.#recordCount });
    const needed = this.#recordCount + batch.length;
    if (needed <= this.#ends.length) return;
    this.#ends = longer(this.#ends, needed);
    this.#rowCounts = longer(this.#rowCounts, needed);
  }

  /** The rows of the next record of the batch have been written, so many. */
  endRecord(rowCount: number): void {
    this.#ends[this.#recordCount] = this.encoder.byteLength;
    this.#rowCounts[this.#recordCount++] = rowCount;
  }

  /**
   * The rows as views of buffers, in the same order whatever order the batches came in: a repetition is to be the same to the byte. None
   * may be added any more.
   */
  pieces(): readonly Uint8Array[] {
    const written = this.encoder.pieces();
    const pieces: Uint8Array[] = [];
    let [from, to] = [0, 0];
    for (const span of this.#inOrder()) {
      if (span.start !== to) {
        pieces.push(...slicePieces(written, from, to));
        from = span.start;
      }
      to = this.#endOf(span);
    }
    pieces.push(...slicePieces(written, from, to));
    return pieces;
  }

  /** Gives its buffers back; nobody may use it or a view of its bytes any more. */
  release(): void {
    this.encoder.release();
  }

  /** The records that have rows, with their places in {@link pieces}. */
  records(): readonly EncodedRecord[] {
    const records: EncodedRecord[] = [];
    let at = 0;
    for (const { batch, start, first } of this.#inOrder()) {
      let from = start;
      for (let index = 0; index < batch.length; index++) {
        const [end, rowCount] = [this.#ends[first + index]!, this.#rowCounts[first + index]!];
        if (rowCount > 0) records.push({ batch, index, start: at, end: at + end - from, rowCount });
        at += end - from;
        from = end;
      }
    }
    return records;
  }

  #endOf({ first, batch }: Span): number {
    return this.#ends[first + batch.length - 1]!;
  }

  #inOrder(): readonly Span[] {
    return [...this.#spans].sort(({ batch: a }, { batch: b }) => {
      if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
      return a.partition - b.partition || a.offsetAt(0) - b.offsetAt(0);
    });
  }
}

/** As many again, and as many as are needed. */
function longer(numbers: Uint32Array<ArrayBuffer>, needed: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(Math.max(2 * numbers.length, needed));
  copy.set(numbers);
  return copy;
}
