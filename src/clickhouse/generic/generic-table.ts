import { HeadraceError } from '../../errors.ts';
import type { AvroType } from '../../serde/avro/schema.ts';
import type { SinkTable } from '../sink-table.ts';
import type { GenericSinkDefinition } from './generic-sink-definition.ts';
import { type TableColumn, tableColumns } from './table-columns.ts';

/** The table of a topic as its definition and schema want it. */
export interface GenericTable {
  readonly topic: string;
  /** What readers ask; the rows stand in `NAME_rows`. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Column by which the last row of a key is known; undefined where every record is a row for ever. */
  readonly version: string | undefined;
  readonly orderBy: readonly string[];
  /** Column whose month cuts the table. */
  readonly partitionBy: string | undefined;
}

export const DATABASE = 'headrace';
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;
const TIME = /^(Date32|DateTime64\()/;
/** What a table can be ordered by: neither null nor a list, and no number that is not equal to itself. */
const UNORDERED = /^(Nullable|LowCardinality\(Nullable|Array|Map|Tuple|Float)/;
const VERSION = /^(U?Int\d+|Date32|DateTime64\(.*\))$/;

/**
 * Throws SINK_TABLE_INVALID for what makes no table: a field without a column, a name that is taken, a key that may be null.
 *
 * @param taken names in the database that are not for generic tables
 */
export function genericTable(
  definition: GenericSinkDefinition,
  schema: AvroType,
  taken: ReadonlySet<string>,
): GenericTable {
  const { table: name, topic } = definition;
  try {
    requireName(name, taken);
    const columns = tableColumns(schema, definition);
    const byField = new Map(columns.map((column) => [column.field ?? column.name, column]));
    const named = (setting: string, path: string): TableColumn => {
      const column = byField.get(path);
      if (column !== undefined) return column;
      throw invalid(`${setting} names ${path}, which has no column; there are ${[...byField.keys()].join(', ')}`);
    };
    return {
      topic,
      name,
      columns,
      version: versionOf(definition, named),
      orderBy: orderOf(definition, named),
      partitionBy: partitionOf(definition, named),
    };
  } catch (error) {
    if (!(error instanceof HeadraceError)) throw error;
    throw new HeadraceError(error.code, `The sink of topic ${topic} into ${name}: ${error.message}`, {
      cause: error,
      where: { topic },
    });
  }
}

function requireName(name: string, taken: ReadonlySet<string>): void {
  if (!NAME.test(name)) {
    throw invalid(
      `${JSON.stringify(name)} is no name of a table: it begins with a letter and has at most 100 letters, digits and underscores`,
    );
  }
  if (name.endsWith('_rows'))
    throw invalid(`a name that ends in _rows is that of a table's rows: leave the ending away`);
  const own = [name, rowsOf(name)].find((each) => taken.has(each.toLowerCase()));
  if (own !== undefined) throw invalid(`${DATABASE}.${own} is a table of Headrace's own: choose another name`);
}

type Named = (setting: string, path: string) => TableColumn;

function versionOf({ key, version }: GenericSinkDefinition, named: Named): string | undefined {
  if (key === undefined) {
    if (version !== undefined) throw invalid('version goes with key: without one no row replaces another');
    return undefined;
  }
  if (version === undefined) return '_offset';
  const column = named('version', version);
  if (VERSION.test(column.type)) return column.name;
  throw invalid(
    `version names ${version} of type ${column.type}: it must be a whole number, a date or a time, and never null`,
  );
}

function orderOf({ key, orderBy }: GenericSinkDefinition, named: Named): readonly string[] {
  if (key !== undefined && orderBy !== undefined) throw invalid('orderBy goes without key, which is the order itself');
  if (key?.length === 0) throw invalid('key is empty: name the fields that tell one thing from another');
  const setting = key === undefined ? 'orderBy' : 'key';
  const columns = (key ?? orderBy ?? []).map((path) => named(setting, path));
  const unordered = columns.find(({ type }) => UNORDERED.test(type));
  if (unordered !== undefined) {
    throw invalid(
      `${setting} names ${unordered.field} of type ${unordered.type}: a table is ordered by what is neither null nor a list`,
    );
  }
  const names = columns.map((column) => column.name);
  if (new Set(names).size !== names.length) throw invalid(`${setting} names a field twice`);
  if (key !== undefined) return names;
  return [...names, ...['_partition', '_offset'].filter((each) => !names.includes(each))];
}

function partitionOf({ key, partitionBy }: GenericSinkDefinition, named: Named): string | undefined {
  if (partitionBy === false || (partitionBy === undefined && key !== undefined)) return undefined;
  const column = named('partitionBy', partitionBy ?? '_timestamp');
  if (TIME.test(column.type)) return column.name;
  throw invalid(`partitionBy names ${partitionBy} of type ${column.type}: it must be a date or a time, and never null`);
}

export function rowsOf(name: string): string {
  return `${name}_rows`;
}

/** How the sink worker fills it; values come as the raw decoder reads them. */
export function sinkTableOf({ topic, name, columns }: GenericTable): SinkTable {
  return {
    topic,
    table: `${DATABASE}.${rowsOf(name)}`,
    columns: columns.map((column) => ({ name: column.name, type: column.type })),
    // A tombstone has no fields to make a row of.
    rows: (record) => (record.value === null ? [] : [columns.map((column) => column.read(record))]),
  };
}

function invalid(message: string): HeadraceError {
  return new HeadraceError('SINK_TABLE_INVALID', message);
}
