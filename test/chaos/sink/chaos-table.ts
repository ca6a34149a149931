import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { columns } from '../../../src/clickhouse/sink-fields.ts';
import type { SinkTable } from '../../../src/clickhouse/sink-table.ts';
import { ledgerSinkTables } from '../../../topologies/account-ledger/sink-tables.ts';
import { PLAIN_TOPIC } from './sink-load.ts';

export const PLAIN_TABLE = 'headrace.chaos_plain';
/** So few inserts does a table of the ledger remember: some other writer soon has made more. */
export const WINDOW = 8;

/** A plain MergeTree: what is inserted twice is there twice, and only tokens are against it. */
const PLAIN_MIGRATION = `CREATE TABLE IF NOT EXISTS ${PLAIN_TABLE}
(partition UInt32, offset UInt64, transaction_id String)
ENGINE = MergeTree ORDER BY (partition, offset)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
`;

/** The migrations of the house with a short memory for tokens, and the plain table behind them. */
export function writeMigrations(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  const files = readdirSync(to)
    .filter((file) => file.endsWith('.sql'))
    .sort();
  for (const file of files) {
    const text = readFileSync(join(to, file), 'utf8');
    const window = `non_replicated_deduplication_window = ${WINDOW}`;
    writeFileSync(join(to, file), text.replaceAll(/non_replicated_deduplication_window = \d+/g, window));
  }
  writeFileSync(join(to, `${String(files.length + 1).padStart(3, '0')}-chaos.sql`), PLAIN_MIGRATION);
}

/**
 * The ledger's tables and the plain one. `edition` is put behind each description: another edition of the encoder makes
 * other rows of the same records.
 */
export function chaosTables(edition: number): readonly SinkTable[] {
  const ledger = ledgerSinkTables.map((table): SinkTable => {
    if (table.topic !== 'ledger.transactions') return table;
    const place = table.columns.findIndex(({ name }) => name === 'description');
    return {
      ...table,
      rows: (record) => table.rows(record).map((row) => row.with(place, editionOf(String(row[place]), edition))),
    };
  });
  const plain: SinkTable = {
    topic: PLAIN_TOPIC,
    table: PLAIN_TABLE,
    columns: columns({ partition: 'UInt32', offset: 'UInt64', transaction_id: 'String' }),
    values: 'bytes',
    rows: ({ partition, offset, bytes }) => [[partition, BigInt(offset), Buffer.from(bytes!).toString()]],
  };
  return [...ledger, plain];
}

export function editionOf(description: string, edition: number): string {
  return `${description}, edition ${edition}`;
}
