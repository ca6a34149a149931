import type { CellValue } from '../../../clickhouse/clickhouse.ts';
import { RowBinaryEncoder } from '../../../clickhouse/row-binary/encoder.ts';
import type { SinkRecord, SinkTable } from '../../../clickhouse/sink-table.ts';
import { HeadraceError } from '../../../errors.ts';
import type { Watermarks } from '../../../log/log.ts';
import { sinkDeadLetterTopic } from '../../../runtime/sink/sink-dead-letter.ts';
import { type HeadraceNode, recordsOf, type StoredRecord, valueIn } from '../../node.ts';

/** What of the node is asked. */
export type LogNode = Pick<HeadraceNode, 'read' | 'watermarks' | 'topics' | 'formats'>;

/** Called for each row that the sink makes of the log, in the log's order within a partition. */
export type VisitRow = (cells: readonly CellValue[], record: SinkRecord) => void | Promise<void>;

/** From where to where a partition is read. */
export interface LogRange extends Watermarks {
  readonly isCompacted: boolean;
}

/** Records that the sink has set aside, as `topic-partition-offset`. */
export type SetAside = ReadonlySet<string>;

/** Bounds the memory of one report; a sink that has set more aside has other troubles. */
const SET_ASIDE_MAX = 1_000_000;

/** All of the topics of a table as it stands in the log; topics that are missing have nothing. */
export async function rangesOf(node: LogNode, tables: readonly SinkTable[]): Promise<readonly LogRange[]> {
  const configs = new Map((await node.topics()).map((topic) => [topic.name, topic]));
  const ranges: LogRange[] = [];
  for (const { topic } of tables) {
    const config = configs.get(topic);
    if (config === undefined) continue;
    for (const marks of await node.watermarks(topic))
      ranges.push({ ...marks, isCompacted: config.cleanup === 'compact' });
  }
  return ranges;
}

/** Whether records that were there may be gone: of a row that only ClickHouse has nothing can be said then. */
export async function isCut(
  node: Pick<HeadraceNode, 'read'>,
  { topic, partition, start, end, isCompacted }: LogRange,
): Promise<boolean> {
  if (start > 0 || !isCompacted) return start > 0;
  let due = start;
  for await (const { offset } of recordsOf(node, topic, partition, start, end)) {
    if (offset !== due++) return true;
  }
  return due !== end;
}

/** What the sink named `sink` has put into its dead letters. */
export async function setAsideBy(node: LogNode, sink: string): Promise<SetAside> {
  const topic = sinkDeadLetterTopic(sink);
  const places = new Set<string>();
  if (!(await node.topics()).some(({ name }) => name === topic)) return places;
  for (const { partition, start, end } of await node.watermarks(topic)) {
    for await (const { headers } of recordsOf(node, topic, partition, start, end)) {
      const said = new Map(headers);
      const part = (name: string) => Buffer.from(said.get(`__streams.errors.${name}`) ?? []).toString();
      if (places.size < SET_ASIDE_MAX) places.add(`${part('topic')}-${part('partition')}-${part('offset')}`);
    }
  }
  return places;
}

/** Reads rows as the sink makes them: what it can not make a row of is left out here as there. */
export class LogRows {
  readonly #node: LogNode;
  readonly #tables: ReadonlyMap<string, SinkTable>;
  readonly #trial: RowBinaryEncoder;

  /** `tables` are those of one table's topics. */
  constructor(node: LogNode, tables: readonly SinkTable[]) {
    this.#node = node;
    this.#tables = new Map(tables.map((table) => [table.topic, table]));
    this.#trial = new RowBinaryEncoder(tables[0]!.columns);
  }

  async each(ranges: readonly Watermarks[], visit: VisitRow): Promise<void> {
    for (const { topic, partition, start, end } of ranges) {
      const table = this.#tables.get(topic)!;
      for await (const record of recordsOf(this.#node, topic, partition, start, end)) {
        const sinkRecord = await this.#recordOf(table, partition, record);
        if (sinkRecord === undefined) continue;
        for (const cells of this.#rowsOf(table, sinkRecord)) {
          const waits = visit(cells, sinkRecord);
          if (waits !== undefined) await waits;
        }
      }
    }
  }

  async #recordOf(table: SinkTable, partition: number, record: StoredRecord): Promise<SinkRecord | undefined> {
    const { topic } = table;
    const { offset, timestamp, key, value: bytes, headers } = record;
    try {
      const value = table.values === 'bytes' ? undefined : await this.#valueOf(topic, record);
      return { topic, partition, offset, timestamp, key, bytes, value, headers };
    } catch (error) {
      if (error instanceof HeadraceError && error.retriable) throw error;
      return undefined;
    }
  }

  /** Nearly every value can be read at once; a schema that is met for the first time is waited for. */
  #valueOf(topic: string, record: StoredRecord): unknown {
    try {
      return this.#node.formats.decodeValue(topic, record.value, record.headers);
    } catch (error) {
      if (!(error instanceof HeadraceError) || error.code !== 'SCHEMA_UNAVAILABLE') throw error;
      return valueIn(this.#node, topic, record);
    }
  }

  /** All rows of a record or none, as the sink takes them. */
  #rowsOf(table: SinkTable, record: SinkRecord): readonly (readonly CellValue[])[] {
    try {
      const rows = table.rows(record);
      this.#trial.rewind({ byteLength: 0, rowCount: 0 });
      for (const cells of rows) this.#trial.append(cells);
      return rows;
    } catch (error) {
      if (error instanceof HeadraceError && error.retriable) throw error;
      return [];
    }
  }
}
