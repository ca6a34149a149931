import type { Column } from '../../../clickhouse/clickhouse.ts';
import { quoteText } from '../../../clickhouse/connection/sql-text.ts';

/** Asks ClickHouse; for results that are known to be small. */
export type Ask = <T>(sql: string) => Promise<readonly T[]>;

/** A table or a view, as ClickHouse tells of it. */
export interface CatalogTable {
  readonly database: string;
  readonly name: string;
  readonly engine: string;
  readonly engine_full: string;
  readonly sorting_key: string;
  readonly partition_key: string;
  readonly as_select: string;
  readonly create_table_query: string;
  /** Of all versions. */
  readonly rows: string;
}

interface CatalogColumn extends Column {
  readonly table: string;
  readonly kind: string;
}

/** What is in the databases of some tables, asked for once. */
export class Catalog {
  readonly #tables: ReadonlyMap<string, CatalogTable>;
  readonly #columns = new Map<string, Column[]>();

  private constructor(tables: readonly CatalogTable[], columns: readonly CatalogColumn[]) {
    this.#tables = new Map(tables.map((table) => [`${table.database}.${table.name}`, table]));
    for (const { table, name, type, kind } of columns) {
      if (kind === 'ALIAS' || kind === 'MATERIALIZED') continue;
      const known = this.#columns.get(table) ?? [];
      known.push({ name, type });
      this.#columns.set(table, known);
    }
  }

  /** `tables` are names with their databases. */
  static async of(ask: Ask, tables: readonly string[]): Promise<Catalog> {
    const databases = [...new Set(tables.map((table) => splitName(table)[0]))].map(quoteText).join(', ');
    if (databases === '') return new Catalog([], []);
    const where = `WHERE database IN (${databases})`;
    return new Catalog(
      await ask<CatalogTable>(
        `SELECT database, name, engine, engine_full, sorting_key, partition_key, as_select, create_table_query, toString(ifNull(total_rows, 0)) AS rows FROM system.tables ${where} ORDER BY database, name`,
      ),
      await ask<CatalogColumn>(
        `SELECT concat(database, '.', table) AS table, name, type, default_kind AS kind FROM system.columns ${where} ORDER BY database, system.columns.table, position`,
      ),
    );
  }

  table(name: string): CatalogTable | undefined {
    return this.#tables.get(splitName(name).join('.'));
  }

  /** Those that can be written, in their order. */
  columns(name: string): readonly Column[] {
    return this.#columns.get(splitName(name).join('.')) ?? [];
  }

  /** The materialized views of a database. */
  views(database: string): readonly CatalogTable[] {
    return [...this.#tables.values()].filter(
      (table) => table.engine === 'MaterializedView' && table.database === database,
    );
  }
}

/** `database.name`, or a name in the default database. */
export function splitName(table: string): readonly [database: string, name: string] {
  const plain = table.replaceAll('`', '');
  const point = plain.indexOf('.');
  return point < 0 ? ['default', plain] : [plain.slice(0, point), plain.slice(point + 1)];
}
