import type { ClickHouse } from '../../src/clickhouse/clickhouse.ts';

export interface StoredBytes {
  /** Of each transaction, by table. */
  readonly bytesPerTransaction: Readonly<Record<string, number>>;
  readonly totalBytesPerTransaction: number;
  /** How many transactions, with all that belongs to them, a terabyte (10^12 bytes) holds. */
  readonly transactionsPerTerabyte: number;
  /** Active parts, by table. */
  readonly parts: Readonly<Record<string, number>>;
}

/** What the tables take on disk, in the parts that are read. */
export async function storedBytes(clickhouse: ClickHouse, transactions: number): Promise<StoredBytes> {
  const rows = await clickhouse.rows<{ readonly table: string; readonly bytes: string; readonly parts: string }>(
    "SELECT table, toString(sum(bytes_on_disk)) AS bytes, toString(count()) AS parts FROM system.parts WHERE database = 'headrace' AND active AND table != 'schema_migrations' GROUP BY table ORDER BY sum(bytes_on_disk) DESC",
  );
  const total = rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  const each = (bytes: number) => Math.round((bytes / transactions) * 100) / 100;
  return {
    bytesPerTransaction: Object.fromEntries(rows.map(({ table, bytes }) => [table, each(Number(bytes))])),
    totalBytesPerTransaction: each(total),
    transactionsPerTerabyte: Math.round(1e12 / (total / transactions)),
    parts: Object.fromEntries(rows.map(({ table, parts }) => [table, Number(parts)])),
  };
}
