import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';

export const NUMBERS = 'headrace.numbers_rows';

/** Of that table. */
export const COLUMNS = [
  { name: 'n', type: 'Int64' },
  { name: 'word', type: 'LowCardinality(String)' },
];

/** Makes the database and the table, which remembers the tokens of a hundred inserts. */
export async function makeNumbersTable(clickhouse: ClickHouse): Promise<void> {
  await clickhouse.command('CREATE DATABASE headrace');
  await clickhouse.command(
    `CREATE TABLE ${NUMBERS} (n Int64, word LowCardinality(String)) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100`,
  );
}

/** So many rows as RowBinary, with the numbers from `from` on. */
export function rows(from: number, count: number): Buffer {
  const bytes = Buffer.alloc(count * 11);
  for (let i = 0; i < count; i++) {
    bytes.writeBigInt64LE(BigInt(from + i), i * 11);
    bytes.write('\u0002ab', i * 11 + 8);
  }
  return bytes;
}
