import type { Column } from '../../../clickhouse/clickhouse.ts';
import { quoteText } from '../../../clickhouse/connection/sql-text.ts';
import type { Catalog } from './catalog.ts';

/** Where a row names a record: the columns of its topic, partition and offset. */
export interface PlaceColumns {
  readonly topic: string;
  readonly partition: string;
  readonly offset: string;
}

/** What of a table decides which of its rows count. */
export interface TableShape {
  /** With its database. */
  readonly table: string;
  /** Those that are compared, in the order of the cells; `type` is what is written. */
  readonly columns: readonly Column[];
  /** Columns of the sorting key: of rows that agree in them, and lie in one partition, one counts. */
  readonly key: readonly string[];
  /** The column by whose month the table is cut. */
  readonly month: string | undefined;
  /** The column whose greatest value counts; without it the row that was inserted last. */
  readonly version: string | undefined;
  /** The column that takes a row out (ReplacingMergeTree's second argument). */
  readonly deleted: string | undefined;
  /** The column of amounts, in minor units. */
  readonly amount: string | undefined;
  /** Columns that say which record it is about; offsets of the input, as a rule. */
  readonly place: PlaceColumns | undefined;
  /** Columns that name the very record of which the row was made. */
  readonly origin: PlaceColumns | undefined;
  /** SQL of each column as it is written. */
  readonly expressions: readonly string[];
  /** About how many rows there are, versions included. */
  readonly rows: number;
}

/** Why a table is not compared: `isFault` where that is no choice of who made it. */
export interface NoShape {
  readonly table: string;
  readonly reason: string;
  readonly isFault: boolean;
}

const ORIGINS: readonly PlaceColumns[] = [
  { topic: '_topic', partition: '_partition', offset: '_offset' },
  { topic: 'dead_letter_topic', partition: 'dead_letter_partition', offset: 'dead_letter_offset' },
];
const SOURCE: PlaceColumns = { topic: 'source_topic', partition: 'source_partition', offset: 'source_offset' };

/** Looks at a table in ClickHouse: `columns` are those that are written to it. */
export function shapeOf(catalog: Catalog, table: string, columns: readonly Column[] | undefined): TableShape | NoShape {
  const found = catalog.table(table);
  if (found === undefined)
    return none(table, 'ClickHouse has no such table; make it by its migration, then fill it (--fill)', true);
  const present = catalog.columns(table);
  const types = new Map(present.map((column) => [column.name, column.type]));
  const compared = columns ?? present;
  const missing = compared.filter((column) => !types.has(column.name));
  if (missing.length > 0)
    return none(table, `ClickHouse's table has no column ${missing.map((column) => column.name).join(', ')}`, true);
  if (!/^(Replicated|Shared)?ReplacingMergeTree$/.test(found.engine))
    return none(table, `its engine ${found.engine} does not say which of two rows counts`, false);
  const names = compared.map((column) => column.name);
  const key = listOf(found.sorting_key);
  const strange = key.filter((column) => !names.includes(column));
  if (key.length === 0 || strange.length > 0)
    return none(table, `its sorting key (${found.sorting_key}) is not made of columns that are written`, false);
  const month = monthColumn(found.partition_key, types);
  if (month === undefined && !listOf(found.partition_key).every((part) => key.includes(columnIn(part))))
    return none(table, `its partitions (${found.partition_key}) are neither months nor columns of the key`, false);
  if (month !== undefined && !names.includes(month)) return none(table, `${month} is not written`, false);
  const [version, deleted] = engineArguments(found.engine_full).filter((argument) => names.includes(argument));
  const has = (place: PlaceColumns) => Object.values(place).every((column) => names.includes(column));
  const origin = ORIGINS.find(has);
  const place = has(SOURCE) ? SOURCE : origin;
  const amount = names.includes('amount_minor') ? 'amount_minor' : undefined;
  const expressions = compared.map(({ name: column, type }) => {
    const stored = plainType(types.get(column)!);
    return stored === plainType(type) ? `\`${column}\`` : `CAST(\`${column}\`, ${quoteText(plainType(type))})`;
  });
  const rows = Number(found.rows);
  return { table, columns: compared, key, month, version, deleted, amount, place, origin, expressions, rows };
}

export function isShape(shape: TableShape | NoShape): shape is TableShape {
  return 'key' in shape;
}

function none(table: string, reason: string, isFault: boolean): NoShape {
  return { table, reason, isFault };
}

/** Names between commas, with or without brackets around all. */
function listOf(text: string): readonly string[] {
  const inner = /^(?:tuple)?\((.*)\)$/s.exec(text.trim())?.[1] ?? text;
  return splitArguments(inner);
}

function splitArguments(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === undefined || (character === ',' && depth === 0)) {
      const part = text.slice(start, at).trim().replaceAll('`', '');
      if (part !== '') parts.push(part);
      start = at + 1;
    }
  }
  return parts;
}

/** Of `ReplacingMergeTree(version, is_deleted) PARTITION BY ...`; a replicated one has texts before them. */
function engineArguments(engineFull: string): readonly string[] {
  const inner = /^\w+\(([^)]*)\)/.exec(engineFull)?.[1];
  return inner === undefined ? [] : splitArguments(inner);
}

/** Of a function of one column, such as `toYear(day)`, that column: rows of one key lie in one partition then. */
function columnIn(part: string): string {
  return /^\w+\((\w+)\)$/.exec(part)?.[1] ?? part;
}

/** A month is the same here and there only where the column's zone is UTC, or it has none. */
function monthColumn(partitionKey: string, types: ReadonlyMap<string, string>): string | undefined {
  const column = /^toYYYYMM\(`?(\w+)`?\)$/.exec(partitionKey.trim())?.[1];
  const type = column === undefined ? undefined : types.get(column);
  return type !== undefined && /^(Date|Date32|DateTime\('UTC'\)|DateTime64\(\d, 'UTC'\))$/.test(type)
    ? column
    : undefined;
}

/** RowBinary writes a LowCardinality as what is in it. */
function plainType(type: string): string {
  return type.replaceAll(/LowCardinality\((\w+(?:\(\w+\))?)\)/g, '$1');
}
