import { HeadraceError } from '../../errors.ts';
import type { ClickHouse, Column } from '../clickhouse.ts';
import { quoteText } from '../connection/sql-text.ts';
import { takesType } from './type-fit.ts';

interface FoundColumn {
  readonly database: string;
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly default_kind: string;
}

/**
 * Looks whether tables take the columns that are written into them. Columns beyond these are the table's own affair:
 * their defaults fill them. Rejects with TABLE_MISMATCH (retriable: it goes on when the table is mended), naming table and column.
 */
export async function checkShapes(
  clickhouse: Pick<ClickHouse, 'kind' | 'rows'>,
  tables: readonly { readonly table: string; readonly columns: readonly Column[] }[],
): Promise<void> {
  if (tables.length === 0) return;
  const pairs = tables.map(({ table }) => `(${nameOf(table).map(quoteText).join(', ')})`).join(', ');
  const found = await clickhouse.rows<FoundColumn>(
    `SELECT database, table, name, type, default_kind FROM system.columns WHERE (database, table) IN (${pairs})`,
  );
  for (const { table, columns } of tables) {
    const [database, name] = nameOf(table);
    const own = found.filter((column) => column.database === database && column.table === name);
    const wrong = wrongWith(own, columns, clickhouse.kind);
    if (wrong === undefined) continue;
    const message = `The table ${table} is not the one that the sink writes: ${wrong}. Nothing is written until it is mended; the rows wait in the log`;
    throw new HeadraceError('TABLE_MISMATCH', message, { retriable: true });
  }
}

function wrongWith(
  found: readonly FoundColumn[],
  columns: readonly Column[],
  kind: ClickHouse['kind'],
): string | undefined {
  if (found.length === 0) return 'it is missing';
  const byName = new Map(found.map((column) => [column.name, column]));
  for (const { name, type } of columns) {
    const column = byName.get(name);
    if (column === undefined) return `it has no column ${name} ${type}`;
    if (column.default_kind === 'MATERIALIZED' || column.default_kind === 'ALIAS')
      return `its column ${name} is computed (${column.default_kind}) and takes no values`;
    if (!takesType(column.type, type, kind)) return `its column ${name} is ${column.type} and not ${type}`;
  }
  return undefined;
}

/** Database and table of a name as SQL writes it. */
function nameOf(table: string): readonly [database: string, table: string] {
  const parts = table.replaceAll('`', '').split('.');
  return parts.length === 1 ? ['default', parts[0]!] : [parts[0]!, parts.slice(1).join('.')];
}
