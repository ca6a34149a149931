import { HeadraceError } from '../../errors.ts';
import type { Headers } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { CutRange, PreparedRows } from '../../runtime/sink/sink-target.ts';
import type { Transcoder } from '../field-table/transcoder.ts';
import { BufferPool } from '../row-binary/buffer-pool.ts';
import type { DecodeValue, SinkRecord, SinkTable } from '../sink-table.ts';
import type { RefusedRecord } from './set-aside.ts';
import { TableRows } from './table-rows.ts';

/** A topic's table, and the short way to its rows where there is one. */
export interface SinkTopic {
  readonly table: SinkTable;
  readonly transcoder: Transcoder | undefined;
}

/** Of each of the buffers that rows are written into. */
const BUFFER_BYTES = 256 * 1024;

/** Where the rows of a sink's cuts have their buffers from. */
export const rowBuffers = (): BufferPool => new BufferPool(BUFFER_BYTES);

/** The records of a cut as rows of their tables, encoded batch by batch. */
export class CutRows implements PreparedRows {
  readonly #topics: ReadonlyMap<string, SinkTopic>;
  readonly #decode: DecodeValue;
  readonly #pool: BufferPool;
  readonly #rows = new Map<string, TableRows>();
  readonly #refused: RefusedRecord[] = [];
  #failure: { readonly error: unknown } | undefined;
  #isReleased = false;

  /** @param topics by their names. @param pool where buffers come from, and go to when the cut is released. */
  constructor(topics: ReadonlyMap<string, SinkTopic>, decode: DecodeValue, pool = rowBuffers()) {
    this.#topics = topics;
    this.#pool = pool;
    this.#decode = decode;
  }

  /**
   * Whether the rows are to be made anew: they are released, or a batch could not be taken for a reason that may pass, a schema that
   * must be waited for.
   */
  get isBroken(): boolean {
    return this.#isReleased || this.#failure !== undefined;
  }

  /** Records that their columns cannot hold. */
  get refused(): readonly RefusedRecord[] {
    return this.#refused;
  }

  /** Tables with rows of this cut. */
  get tables(): readonly TableRows[] {
    return [...this.#rows.values()].filter((rows) => rows.rowCount > 0);
  }

  /** Of a cut that is in its tables: the next ones use its buffers, and nobody may use its rows any more. */
  release(): void {
    for (const rows of this.#rows.values()) rows.release();
    this.#rows.clear();
    this.#isReleased = true;
  }

  add(batch: RecordBatch): void {
    if (this.#failure !== undefined) return;
    try {
      this.encode(batch);
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** As `add`, of the records within a range. Throws what is retriable, and TOPIC_UNKNOWN. */
  encode(batch: RecordBatch, range?: CutRange): void {
    if (batch.length === 0) return;
    const topic = this.#topics.get(batch.topic);
    if (topic === undefined)
      throw new HeadraceError('TOPIC_UNKNOWN', `The sink has no table for the topic ${batch.topic}`);
    const { table, transcoder } = topic;
    const rows = this.#rows.get(table.table) ?? new TableRows(table.table, table.columns, this.#pool);
    this.#rows.set(table.table, rows);
    rows.begin(batch);
    for (let i = 0; i < batch.length; i++) {
      const before = rows.rowCount;
      if (range === undefined || isInside(range, batch.offsetAt(i))) {
        const isWritten = transcoder !== undefined && rows.encoder.appendWritten(transcoder, batch, i);
        if (!isWritten) this.#encodeRecord(batch, i, table, rows);
      }
      rows.endRecord(rows.rowCount - before);
    }
  }

  #encodeRecord(batch: RecordBatch, index: number, table: SinkTable, rows: TableRows): void {
    const { encoder } = rows;
    const mark = encoder.mark();
    try {
      for (const row of table.rows(this.#recordOf(batch, index, table))) encoder.append(row);
    } catch (error) {
      encoder.rewind(mark);
      // A schema that must be waited for is no fault of the record: the cut comes again.
      if (error instanceof HeadraceError && error.retriable) throw error;
      this.#refused.push({ batch, index, rowCount: 0, error });
    }
  }

  #recordOf(batch: RecordBatch, index: number, table: SinkTable): SinkRecord {
    const bytes = batch.valueAt(index);
    const headers = batch.headersAt(index);
    const value = table.values === 'bytes' ? undefined : this.#decode(batch.topic, bytes, headers);
    return new BatchRecord(batch, index, { bytes, headers, value });
  }
}

/** A record of a batch; most tables ask for little beside its value, and a view of a key costs more than a cell. */
class BatchRecord implements SinkRecord {
  readonly bytes: Uint8Array | null;
  readonly value: unknown;
  readonly headers: Headers;
  readonly #batch: RecordBatch;
  readonly #index: number;

  constructor(batch: RecordBatch, index: number, parts: Pick<SinkRecord, 'bytes' | 'value' | 'headers'>) {
    this.#batch = batch;
    this.#index = index;
    this.bytes = parts.bytes;
    this.value = parts.value;
    this.headers = parts.headers;
  }

  get topic(): string {
    return this.#batch.topic;
  }

  get partition(): number {
    return this.#batch.partition;
  }

  get offset(): number {
    return this.#batch.offsetAt(this.#index);
  }

  get timestamp(): number {
    return this.#batch.timestampAt(this.#index);
  }

  get key(): Uint8Array | null {
    return this.#batch.keyAt(this.#index);
  }
}

function isInside(range: CutRange, offset: number): boolean {
  return offset >= range.from && offset < range.to;
}
