import type { RecordBatch } from '../../log/record-batch.ts';
import type { Column } from '../clickhouse.ts';
import { BufferPool } from '../row-binary/buffer-pool.ts';
import { RowBinaryEncoder } from '../row-binary/encoder.ts';

/** A record with the place of its rows among the bytes of a {@link TableRows}. */
export interface EncodedRecord {
  readonly batch: RecordBatch;
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly rowCount: number;
}

/** A batch in the order in which they came. */
interface Span {
  readonly batch: RecordBatch;
  readonly start: number;
  readonly ends: Ends;
}

/** By record: where its rows end in the encoder's bytes, and how many rows it has. */
export interface Ends {
  readonly bytes: Uint32Array;
  readonly rows: Uint32Array;
}

/** Rows of one table as RowBinary, and which record each of them is of. */
export class TableRows {
  readonly table: string;
  readonly encoder: RowBinaryEncoder;
  readonly #pool: BufferPool;
  readonly #spans: Span[] = [];
  /** A copy of the rows in their order, where they came in another. */
  #ordered: Buffer | undefined;

  /** @param room bytes that are likely to be needed. @param pool where buffers come from. */
  constructor(table: string, columns: readonly Column[], room?: number, pool = new BufferPool()) {
    this.table = table;
    this.#pool = pool;
    this.encoder = new RowBinaryEncoder(columns, room, pool);
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

  /** The rows that come next are those of this batch; the caller notes where those of each record end. */
  begin(batch: RecordBatch): Ends {
    const ends = { bytes: new Uint32Array(batch.length), rows: new Uint32Array(batch.length) };
    this.#spans.push({ batch, start: this.encoder.byteLength, ends });
    return ends;
  }

  /**
   * The rows, in the same order whatever order the batches came in: a repetition is to be the same to the byte. None may be added any
   * more.
   */
  bytes(): Uint8Array {
    const bytes = this.encoder.bytes();
    const spans = this.#inOrder();
    if (spans.every((span, i) => span === this.#spans[i])) return bytes;
    if (this.#ordered === undefined) {
      const ordered = this.#pool.take(bytes.length);
      let at = 0;
      for (const { start, ends } of spans) {
        const span = bytes.subarray(start, ends.bytes.at(-1));
        ordered.set(span, at);
        at += span.length;
      }
      this.#ordered = ordered;
    }
    return this.#ordered.subarray(0, bytes.length);
  }

  /** Gives its buffers back; nobody may use it or a view of its bytes any more. */
  release(): void {
    this.encoder.release();
    if (this.#ordered !== undefined) this.#pool.give(this.#ordered);
    this.#ordered = undefined;
  }

  /** The records that have rows, with their places in {@link bytes}. */
  records(): readonly EncodedRecord[] {
    const records: EncodedRecord[] = [];
    let at = 0;
    for (const { batch, start, ends } of this.#inOrder()) {
      let from = start;
      ends.bytes.forEach((end, index) => {
        const rowCount = ends.rows[index]!;
        if (rowCount > 0) records.push({ batch, index, start: at, end: at + end - from, rowCount });
        at += end - from;
        from = end;
      });
    }
    return records;
  }

  #inOrder(): readonly Span[] {
    return [...this.#spans].sort(({ batch: a }, { batch: b }) => {
      if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
      return a.partition - b.partition || a.offsetAt(0) - b.offsetAt(0);
    });
  }
}
