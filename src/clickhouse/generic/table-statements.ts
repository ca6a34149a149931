import { HeadraceError } from '../../errors.ts';
import type { CellValue } from '../clickhouse.ts';
import { quoteText } from '../connection/sql-text.ts';
import { DATABASE, type GenericTable, rowsOf } from './generic-table.ts';
import type { TableColumn } from './table-columns.ts';

/** As the tables of sql/ have them. */
const SETTINGS =
  'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1';

/** The statements that make a table and its view. */
export function createStatements(table: GenericTable): readonly string[] {
  return [createTable(table), createView(table)];
}

function createTable({ topic, name, columns, version, orderBy, partitionBy }: GenericTable): string {
  const lines = [
    `CREATE TABLE IF NOT EXISTS ${DATABASE}.${rowsOf(name)}`,
    '(',
    columns.map((column) => `    ${columnText(column)}`).join(',\n'),
    ')',
    `ENGINE = ReplacingMergeTree${version === undefined ? '' : `(${quoted(version)})`}`,
    ...(partitionBy === undefined ? [] : [`PARTITION BY toYYYYMM(${quoted(partitionBy)})`]),
    `ORDER BY (${orderBy.map(quoted).join(', ')})`,
    `SETTINGS ${SETTINGS}`,
    `COMMENT ${quoteText(`Records of the topic ${topic}; read the view ${name}`)}`,
  ];
  return lines.join('\n');
}

/** Replaced whenever a column comes: a view keeps the columns that it was made with. */
export function createView({ topic, name, columns }: GenericTable): string {
  return [
    `CREATE OR REPLACE VIEW ${DATABASE}.${name} AS`,
    'SELECT',
    columns.map((column) => `    ${quoted(column.name)}`).join(',\n'),
    `FROM ${DATABASE}.${rowsOf(name)} FINAL`,
    `COMMENT ${quoteText(`Records of the topic ${topic}, each once`)}`,
  ].join('\n');
}

/** Throws SINK_TABLE_INVALID for a default that ClickHouse can't be told of. */
export function addColumn({ name }: GenericTable, column: TableColumn): string {
  return `ALTER TABLE ${DATABASE}.${rowsOf(name)} ADD COLUMN IF NOT EXISTS ${columnText(column, defaultText(column))}`;
}

function columnText({ name, type, comment, codec }: TableColumn, defaults = ''): string {
  const codecText = codec === '' ? '' : ` CODEC(${codec})`;
  return `${quoted(name)} ${type}${defaults} COMMENT ${quoteText(comment)}${codecText}`;
}

/** What rows from before the column say. Of null, and of an empty list, that is what ClickHouse says by itself. */
function defaultText({ field, type, defaultCell }: TableColumn): string {
  const cell = defaultCell?.cell;
  if (cell === undefined || cell === null || (Array.isArray(cell) && cell.length === 0)) return '';
  const literal = literalOf(cell, type);
  if (literal !== undefined) return ` DEFAULT ${literal}`;
  throw new HeadraceError(
    'SINK_TABLE_INVALID',
    `The field ${field} of type ${type} has a default that rows from before can't be given: let it be null or empty`,
  );
}

function literalOf(cell: CellValue, type: string): string | undefined {
  if (typeof cell === 'string') return quoteText(cell);
  if (typeof cell === 'boolean') return String(cell);
  if (typeof cell !== 'number' && typeof cell !== 'bigint') return undefined;
  const plain = type.replace(/^Nullable\((.*)\)$/, '$1');
  const scale = /^Decimal\(\d+, (\d+)\)$/.exec(plain)?.[1];
  if (scale !== undefined) return quoteText(decimalText(BigInt(cell), Number(scale)));
  const digits = /^DateTime64\((\d)/.exec(plain)?.[1];
  const unit = { '3': 'Milli', '6': 'Micro', '9': 'Nano' }[digits ?? ''];
  if (unit !== undefined) return `fromUnixTimestamp64${unit}(toInt64(${cell}), 'UTC')`;
  if (plain === 'Date32') return quoteText(new Date(Number(cell)).toISOString().slice(0, 10));
  return typeof cell === 'bigint' || Number.isFinite(cell) ? String(cell) : undefined;
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
}

export function quoted(name: string): string {
  return `\`${name}\``;
}
