import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../../../clickhouse/clickhouse.ts';
import { quoteText } from '../../../clickhouse/connection/sql-text.ts';
import type { SinkTable } from '../../../clickhouse/sink-table.ts';
import { HeadraceError } from '../../../errors.ts';
import { Catalog } from './catalog.ts';
import { isLookUp, type LookUp, lookUpsOf, wantedOfLookUp } from './look-ups.ts';
import { idSql } from './sql.ts';
import { isShape, shapeOf, type TableShape } from './table-shape.ts';

/** What a repair writes, in the process that owns ClickHouse; it can be repeated. */
export type Rewrite =
  /** Rows as RowBinary, of the columns that the sink writes to the table. */
  | { readonly kind: 'insert'; readonly table: string; readonly bytes: Uint8Array }
  /** Takes the rows with these ids (see idSql) out of a table of the sink's, or out of a look-up. */
  | { readonly kind: 'remove'; readonly table: string; readonly ids: readonly bigint[] }
  /** Inserts into a look-up what its view makes of its source: the rows with these ids. */
  | { readonly kind: 'copy'; readonly table: string; readonly ids: readonly bigint[] }
  /** The same of a month of the source, or of all of it. */
  | { readonly kind: 'copyMonth'; readonly table: string; readonly month: string | undefined };

/** Does it, on disk when it resolves. Throws USAGE for a table that the sink does not write, and CLICKHOUSE_FAILED. */
export async function rewrite(
  clickhouse: ClickHouse,
  tables: readonly SinkTable[],
  { table, ...what }: Rewrite,
): Promise<void> {
  if (what.kind === 'insert') {
    const columns = tables.find((each) => each.table === table)?.columns;
    if (columns === undefined) throw unknownTable(table);
    // Another token each time: rows that were taken out since the last repair must not be dropped as known.
    const name = `repair-${randomUUID()}-${table}`;
    await clickhouse.insert(table, columns, [what.bytes], { token: name, queryId: name });
    return;
  }
  const catalog = await Catalog.of(
    (sql) => clickhouse.rows(sql),
    tables.map((each) => each.table),
  );
  const own = tables.find((each) => each.table === table);
  const lookUp = own === undefined ? lookUpsOfAll(catalog, tables).find((each) => each.table === table) : undefined;
  const shape = shapeOf(catalog, table, own?.columns ?? lookUp?.columns);
  if ((own ?? lookUp) === undefined || !isShape(shape)) throw unknownTable(table);
  if (what.kind === 'remove') await remove(clickhouse, shape, what.ids);
  else if (lookUp === undefined) throw unknownTable(table);
  else {
    const names = lookUp.columns.map(({ name }) => `\`${name}\``).join(', ');
    const wanted = wantedOfLookUp(lookUp, what.kind === 'copyMonth' ? monthCondition(lookUp.source, what.month) : '1');
    const where = what.kind === 'copy' ? ` WHERE ${idSql(shape)} IN (${what.ids.join(', ')})` : '';
    await clickhouse.command(
      `INSERT INTO ${table} (${names}) SETTINGS ${COPY_SETTINGS}, insert_deduplication_token = ${quoteText(randomUUID())} SELECT ${names} FROM (${wanted})${where}`,
    );
  }
}

const COPY_SETTINGS =
  'async_insert = 0, max_partitions_per_insert_block = 0, do_not_merge_across_partitions_select_final = 1';

function monthCondition({ month: column }: TableShape, month: string | undefined): string {
  return month === undefined || column === undefined ? '1' : `toYYYYMM(\`${column}\`) = ${Number(month)}`;
}

async function remove(clickhouse: ClickHouse, shape: TableShape, ids: readonly bigint[]): Promise<void> {
  await clickhouse.command(
    `ALTER TABLE ${shape.table} DELETE WHERE ${idSql(shape)} IN (${ids.join(', ')}) SETTINGS mutations_sync = 2`,
  );
}

/** What the views of all these tables fill row for row. */
export function lookUpsOfAll(catalog: Catalog, tables: readonly SinkTable[]): readonly LookUp[] {
  return [...new Map(tables.map((each) => [each.table, each.columns]))].flatMap(([name, columns]) => {
    const shape = shapeOf(catalog, name, columns);
    return isShape(shape) ? lookUpsOf(catalog, shape).filter(isLookUp) : [];
  });
}

function unknownTable(table: string): HeadraceError {
  return new HeadraceError(
    'USAGE',
    `The sink does not write the table ${table}, so it can not be made right by the log`,
  );
}
