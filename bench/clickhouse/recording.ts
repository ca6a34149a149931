import type { ClickHouse, ReadOptions } from '../../src/clickhouse/clickhouse.ts';
import { readText } from '../../src/clickhouse/clickhouse.ts';

/** A reader's query as it was asked. */
export interface AskedQuery {
  readonly sql: string;
  readonly options: ReadOptions;
}

export interface RowsRead {
  readonly rows: number;
  readonly bytes: number;
}

/** The ClickHouse behind it, which also notes what it is asked: a question may be several queries. */
export function recording(clickhouse: ClickHouse, asked: AskedQuery[]): ClickHouse {
  return {
    kind: clickhouse.kind,
    command: (sql) => clickhouse.command(sql),
    rows: (sql) => clickhouse.rows(sql),
    insert: (table, columns, pieces, options) => clickhouse.insert(table, columns, pieces, options),
    read: (sql, options = {}) => {
      asked.push({ sql, options });
      return clickhouse.read(sql, options);
    },
    settle: (queryId) => clickhouse.settle(queryId),
    close: () => clickhouse.close(),
  };
}

/**
 * What the engine reads for a query, asked once more in the one format that ends with the engine's own count: what the embedded
 * engine's results tell beside that are the rows that come out.
 */
export async function rowsRead(clickhouse: ClickHouse, { sql, options }: AskedQuery): Promise<RowsRead> {
  // What an earlier query with the same condition has found out would be left out of the count.
  const settings = { ...options.settings, use_query_condition_cache: 0 };
  const text = await readText(clickhouse, sql, { ...options, settings, format: 'JSON' });
  const { statistics } = JSON.parse(text) as {
    readonly statistics?: { readonly rows_read: number; readonly bytes_read: number };
  };
  if (statistics === undefined) throw new RangeError(`ClickHouse does not say what it read for: ${sql}`);
  return { rows: statistics.rows_read, bytes: statistics.bytes_read };
}
