import { createHash } from 'node:crypto';
import { HeadraceError } from '../errors.ts';
import type { NewRecord } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { sinkDeadLetter } from '../runtime/sink/sink-dead-letter.ts';
import type { Cut, CutRange, SinkTarget, SinkWriteResult } from '../runtime/sink/sink-target.ts';
import type { ClickHouse } from './clickhouse.ts';
import { RowBinaryEncoder } from './row-binary/encoder.ts';
import type { DecodeValue, SinkRecord, SinkTable } from './sink-table.ts';

/** The sink's target in ClickHouse: one INSERT for each table of a cut, under a token that only this cut has. */
export class ClickHouseSinkTarget implements SinkTarget {
  readonly topics: readonly string[];
  readonly #clickhouse: ClickHouse;
  readonly #tables: ReadonlyMap<string, SinkTable>;
  readonly #tableNames: readonly string[];
  readonly #decode: DecodeValue;

  /** `decode` reads JSON unless told otherwise. Throws TOPOLOGY_INVALID where a topic has two tables, or two topics give a table other columns. */
  constructor(clickhouse: ClickHouse, tables: readonly SinkTable[], decode: DecodeValue = fromJson) {
    this.#clickhouse = clickhouse;
    this.#decode = decode;
    this.#tables = new Map(tables.map((table) => [table.topic, table]));
    this.topics = [...this.#tables.keys()];
    this.#tableNames = [...new Set(tables.map((table) => table.table))];
    if (this.topics.length !== tables.length)
      throw new HeadraceError('TOPOLOGY_INVALID', 'A topic of the sink has two tables');
    for (const name of this.#tableNames) {
      const columns = new Set(
        tables.filter((table) => table.table === name).map((table) => JSON.stringify(table.columns)),
      );
      if (columns.size > 1)
        throw new HeadraceError('TOPOLOGY_INVALID', `Two topics give the table ${name} different columns`);
    }
  }

  async settle(cut: Cut): Promise<void> {
    for (const table of this.#tableNames) await this.#clickhouse.settle(insertName(cut, table));
  }

  async write(cut: Cut, batches: readonly RecordBatch[]): Promise<SinkWriteResult> {
    const deadLetters: NewRecord[] = [];
    const encoders = new Map<string, RowBinaryEncoder>();
    const ranges = new Map(cut.ranges.map((range) => [`${range.topic}-${range.partition}`, range]));
    for (const batch of inOrder(batches)) {
      const range = ranges.get(`${batch.topic}-${batch.partition}`);
      if (range === undefined) continue;
      const table = this.#tables.get(batch.topic);
      if (table === undefined)
        throw new HeadraceError('TOPIC_UNKNOWN', `The sink has no table for the topic ${batch.topic}`);
      const encoder = encoders.get(table.table) ?? new RowBinaryEncoder(table.columns);
      encoders.set(table.table, encoder);
      for (let i = 0; i < batch.length; i++) {
        if (!isInside(range, batch.offsetAt(i))) continue;
        const mark = encoder.mark();
        try {
          for (const row of table.rows(this.#recordOf(batch, i, table))) encoder.append(row);
        } catch (error) {
          encoder.rewind(mark);
          // A schema that must be waited for is no fault of the record: the cut comes again.
          if (error instanceof HeadraceError && error.retriable) throw error;
          deadLetters.push(sinkDeadLetter(cut.sink, batch, i, error));
        }
      }
    }
    let rows = 0;
    for (const name of this.#tableNames) {
      const encoder = encoders.get(name);
      if (encoder === undefined || encoder.rowCount === 0) continue;
      const id = insertName(cut, name);
      await this.#clickhouse.insert(name, encoder.columns, encoder.bytes(), { token: id, queryId: id });
      rows += encoder.rowCount;
    }
    return { rows, deadLetters };
  }

  #recordOf(batch: RecordBatch, index: number, table: SinkTable): SinkRecord {
    const { topic, partition } = batch;
    const bytes = batch.valueAt(index);
    const headers = batch.headersAt(index);
    return {
      topic,
      partition,
      offset: batch.offsetAt(index),
      timestamp: batch.timestampAt(index),
      key: batch.keyAt(index),
      bytes,
      value: table.values === 'bytes' ? undefined : this.#decode(topic, bytes, headers),
      headers,
    };
  }
}

/**
 * Token and query id of a cut's insert into a table. The ranges are in it, so that a sink whose numbers began anew (its
 * state was lost) never meets the token of other rows, which ClickHouse would drop in silence.
 */
export function insertName(cut: Cut, table: string): string {
  const ranges = [...cut.ranges]
    .map((range) => `${range.topic}\n${range.partition}\n${range.from}\n${range.to}`)
    .sort()
    .join('\n\n');
  const digest = createHash('sha256').update(ranges).digest('hex').slice(0, 16);
  return `${cut.sink}-${cut.number}-${digest}-${table}`;
}

function isInside(range: CutRange, offset: number): boolean {
  return offset >= range.from && offset < range.to;
}

/** Rows stand in an insert in the same order whatever order the batches came in: tokens count blocks, not rows. */
function inOrder(batches: readonly RecordBatch[]): readonly RecordBatch[] {
  return batches
    .filter((batch) => batch.length > 0)
    .sort((a, b) => {
      if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
      return a.partition - b.partition || a.offsetAt(0) - b.offsetAt(0);
    });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function fromJson(_topic: string, bytes: Uint8Array | null): unknown {
  return bytes === null ? null : JSON.parse(UTF8.decode(bytes));
}
