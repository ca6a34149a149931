import type { Column } from '../../../clickhouse/clickhouse.ts';
import { quoteText } from '../../../clickhouse/connection/sql-text.ts';
import { type Catalog, type CatalogTable, splitName } from './catalog.ts';
import { isShape, type NoShape, shapeOf, type TableShape } from './table-shape.ts';

/** A table that a materialized view fills, row for row, of a table of the sink's. */
export interface LookUp {
  readonly view: string;
  readonly table: string;
  /** Those that the view fills, with the types of the table. */
  readonly columns: readonly Column[];
  readonly shape: TableShape;
  readonly source: TableShape;
  /** The view's query before and behind the name of its source. */
  readonly select: readonly [before: string, behind: string];
}

/** Words of queries whose rows depend on more than one row, or on what is inserted together. */
const NOT_ROW_FOR_ROW = /\b(GROUP BY|DISTINCT|JOIN|UNION|LIMIT|OVER|arrayJoin)\b/i;

/** What the views of a table fill: look-ups, and tables that can not be compared. */
export function lookUpsOf(catalog: Catalog, source: TableShape): readonly (LookUp | NoShape)[] {
  const [database] = splitName(source.table);
  const views = catalog.views(database);
  const targets = views.map(targetOf);
  const found: (LookUp | NoShape)[] = [];
  for (const { name, as_select, create_table_query } of views) {
    const parts = as_select.split(new RegExp(`\\bFROM ${source.table.replaceAll('.', '\\.')}(?![\\w.])`));
    if (parts.length === 1) continue;
    const view = `${database}.${name}`;
    const table = targetOf({ create_table_query });
    const isOnly = targets.filter((target) => target === table).length === 1;
    if (table === undefined || !isOnly || parts.length > 2 || NOT_ROW_FOR_ROW.test(as_select)) {
      const reason = `the view ${view} does not fill it row for row, or not alone`;
      found.push({ table: table ?? view, reason, isFault: false });
      continue;
    }
    // The others are filled by the table itself.
    const names = new Set(catalog.columns(view).map((column) => column.name));
    const filled = catalog.columns(table).filter((column) => names.has(column.name));
    const shape = shapeOf(catalog, table, filled);
    if (!isShape(shape)) {
      found.push(shape);
      continue;
    }
    const select = [`${parts[0]!}FROM`, parts[1]!] as const;
    found.push({ view, table, columns: shape.columns, shape, source, select });
  }
  return found;
}

export function isLookUp(found: LookUp | NoShape): found is LookUp {
  return 'shape' in found;
}

/** What the look-up should hold: the view's query over what readers see of its source. */
export function wantedOfLookUp({ select, source, columns }: LookUp, condition: string): string {
  const [before, behind] = select;
  const alias = splitName(source.table)[1];
  const query = `${before} (SELECT * FROM ${source.table} FINAL WHERE ${condition}) AS ${alias}${behind}`;
  const cells = columns.map(({ name, type }) => `CAST(\`${name}\`, ${quoteText(type)}) AS \`${name}\``);
  return `SELECT ${cells.join(', ')} FROM (${query})`;
}

function targetOf({ create_table_query }: Pick<CatalogTable, 'create_table_query'>): string | undefined {
  return /\bTO (`?\w+`?\.`?\w+`?)/.exec(create_table_query)?.[1]?.replaceAll('`', '');
}
