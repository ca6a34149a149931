import { columns, fieldsOf } from '../sink-fields.ts';
import type { SinkTable } from '../sink-table.ts';
import { type Cell, itemsAt, listOf, readerOf } from './cells.ts';

/** What a {@link fieldTable} is made of. */
export interface FieldTableOptions {
  readonly topic: string;
  /** With its database. */
  readonly table: string;
  /** By column: its type in ClickHouse, and the field that it holds. */
  readonly columns: Readonly<Record<string, readonly [type: string, cell: Cell]>>;
  /** Whether a tombstone is no row; else it is refused. */
  readonly skipsTombstones?: boolean;
  /** As {@link SinkTable.hasUniqueKeys}. */
  readonly hasUniqueKeys?: boolean;
}

/** By the function that makes the rows: a table that has got another one is no longer described by these. */
const CELLS = new WeakMap<SinkTable['rows'], readonly Cell[]>();

/** What the cells of a {@link fieldTable} hold; undefined for another table. */
export function cellsOf({ rows, columns: { length } }: SinkTable): readonly Cell[] | undefined {
  const row = CELLS.get(rows);
  return row?.length === length ? row : undefined;
}

/**
 * A table whose cells are fields of the value, one row for each, or one for each item of a list where a path goes through one.
 * Rows of Avro values are made straight from their bytes (transcoder.ts), several times as fast as by a function of ours.
 */
export function fieldTable({
  topic,
  table,
  columns: given,
  skipsTombstones = false,
  hasUniqueKeys = false,
}: FieldTableOptions): SinkTable {
  const row = Object.values(given).map(([, cell]) => cell);
  const list = listOf(row);
  const readers = row.map(readerOf);
  const made: SinkTable = {
    topic,
    table,
    hasUniqueKeys,
    columns: columns(Object.fromEntries(Object.entries(given).map(([name, [type]]) => [name, type]))),
    rows: (record) => {
      if (skipsTombstones && record.bytes === null) return [];
      const value = fieldsOf(record);
      const items = list === undefined ? [value] : itemsAt(value, list);
      return items.map((item) => readers.map((read) => read(value, item)));
    },
  };
  CELLS.set(made.rows, row);
  return made;
}
