import { HeadraceError } from '../errors.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { sinkDeadLetter } from '../runtime/sink/sink-dead-letter.ts';
import type { Cut, PreparedRows, SinkTarget, SinkWriteResult } from '../runtime/sink/sink-target.ts';
import type { ClickHouse, InsertOptions } from './clickhouse.ts';
import { Transcoder } from './field-table/transcoder.ts';
import { CutRows, rowBuffers, type SinkTopic } from './sink/cut-rows.ts';
import { insertName, insertToken } from './sink/insert-name.ts';
import { insertTables } from './sink/insert-tables.ts';
import { insertWithout, type RefusedRecord } from './sink/set-aside.ts';
import type { TableRows } from './sink/table-rows.ts';
import { checkShapes } from './sink/table-shape.ts';
import type { DecodeValue, SinkTable, SinkValues } from './sink-table.ts';

/**
 * The sink's target in ClickHouse: one INSERT for each table of a cut, under a token that only these rows of this cut
 * have. Records that ClickHouse refuses become dead letters, with its reason, and the others go in.
 */
export class ClickHouseSinkTarget implements SinkTarget {
  readonly topics: readonly string[];
  readonly #clickhouse: ClickHouse;
  readonly #sinkTopics: ReadonlyMap<string, SinkTopic>;
  readonly #tableNames: readonly string[];
  /** Tables whose topics give each key once. */
  readonly #uniqueKeys: ReadonlySet<string>;
  readonly #decode: DecodeValue;
  readonly #buffers = rowBuffers();
  /** Whether the last try of a cut failed. */
  #hasFailed = false;

  /** Values are JSON unless told otherwise. Throws TOPOLOGY_INVALID where a topic has two tables, or two topics give a table other columns. */
  constructor(clickhouse: ClickHouse, tables: readonly SinkTable[], values: SinkValues = JSON_VALUES) {
    const { decodeValue, scannerOf = () => undefined } = values;
    this.#clickhouse = clickhouse;
    this.#decode = decodeValue;
    this.#sinkTopics = new Map(
      tables.map((table) => [table.topic, { table, transcoder: Transcoder.of(table, scannerOf) }]),
    );
    this.topics = [...this.#sinkTopics.keys()];
    this.#tableNames = [...new Set(tables.map((table) => table.table))];
    const several = tables.filter(({ hasUniqueKeys }) => hasUniqueKeys !== true).map(({ table }) => table);
    this.#uniqueKeys = new Set(this.#tableNames.filter((name) => !several.includes(name)));
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

  prepare(): PreparedRows {
    return new CutRows(this.#sinkTopics, this.#decode, this.#buffers);
  }

  async settle(cut: Cut): Promise<void> {
    for (const table of this.#tableNames) await this.#clickhouse.settle(insertName(cut, table));
  }

  async write(cut: Cut, batches: readonly RecordBatch[], prepared?: PreparedRows): Promise<SinkWriteResult> {
    const rows = prepared instanceof CutRows && !prepared.isBroken ? prepared : this.#encode(cut, batches);
    const refused = [...rows.refused, ...(await this.#insertAll(cut, rows.tables))];
    const encoded = rows.tables.reduce((sum, { rowCount }) => sum + rowCount, 0);
    rows.release();
    return {
      rows: refused.reduce((sum, { rowCount }) => sum - rowCount, encoded),
      deadLetters: refused.map(({ batch, index, error }) => sinkDeadLetter(cut.sink, batch, index, error)),
    };
  }

  /** A cut that comes from the log again: its batches may reach beyond it. */
  #encode(cut: Cut, batches: readonly RecordBatch[]): CutRows {
    const rows = new CutRows(this.#sinkTopics, this.#decode, this.#buffers);
    const ranges = new Map(cut.ranges.map((range) => [`${range.topic}-${range.partition}`, range]));
    for (const batch of batches) {
      const range = ranges.get(`${batch.topic}-${batch.partition}`);
      if (range !== undefined) rows.encode(batch, range);
    }
    return rows;
  }

  async #insertAll(cut: Cut, tables: readonly TableRows[]): Promise<readonly RefusedRecord[]> {
    const checked = checkShapes(this.#clickhouse, tables);
    checked.catch(() => undefined);
    // Tables that do not fit may take hours to be mended: then no rows are made ready for nothing.
    if (this.#hasFailed) await checked;
    this.#hasFailed = true;
    const refused = await insertTables(tables, checked, (rows, when) => this.#insert(cut, rows, when));
    this.#hasFailed = false;
    return refused;
  }

  async #insert(
    cut: Cut,
    rows: TableRows,
    when: Pick<InsertOptions, 'after' | 'signal'>,
  ): Promise<readonly RefusedRecord[]> {
    const { table, columns } = rows;
    const name = insertName(cut, table);
    const insert = (pieces: readonly Uint8Array[], queryId: string) =>
      this.#clickhouse.insert(table, columns, pieces, {
        token: insertToken(name, columns, pieces),
        queryId,
        hasUniqueKeys: this.#uniqueKeys.has(table),
        ...when,
      });
    try {
      await insert(rows.pieces(), name);
      return [];
    } catch (error) {
      if (!(error instanceof HeadraceError) || error.code !== 'SINK_ROW_REFUSED') throw error;
      return await insertWithout(rows, (pieces, place) => insert(pieces, `${name}/${place}`));
    }
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

const JSON_VALUES: SinkValues = {
  decodeValue: (_topic, bytes) => (bytes === null ? null : (JSON.parse(UTF8.decode(bytes)) as unknown)),
};
