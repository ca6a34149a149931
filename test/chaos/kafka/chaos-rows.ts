import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from '../../../src/clickhouse/clickhouse.ts';
import { columns } from '../../../src/clickhouse/sink-fields.ts';
import type { SinkTable } from '../../../src/clickhouse/sink-table.ts';
import { openStore } from '../../../src/clickhouse/store.ts';
import { type OutputRow, parseRow } from './output-auditor.ts';

const TABLE = 'headrace.chaos_rows';

/** Its key is the record's place: what a cut brings again after the engine was killed within it is replaced, and a record of another place is not. */
const MIGRATION = `CREATE TABLE IF NOT EXISTS ${TABLE}
(topic String, partition UInt32, offset UInt64, key String, count UInt64, sum UInt64)
ENGINE = ReplacingMergeTree ORDER BY (topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
`;

/** Where the sink finds how its table is made. */
export function writeMigrations(directory: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, '001-chaos.sql'), MIGRATION);
}

/** How what the victims write becomes rows. */
export function chaosTable(topic: string): SinkTable {
  return {
    topic,
    table: TABLE,
    columns: columns({
      topic: 'String',
      partition: 'UInt32',
      offset: 'UInt64',
      key: 'String',
      count: 'UInt64',
      sum: 'UInt64',
    }),
    values: 'bytes',
    rows: ({ partition, offset, key: keyBytes, bytes }) => {
      const key = Buffer.from(keyBytes!).toString();
      const { count, sum } = parseRow(key, Buffer.from(bytes!).toString());
      return [[topic, partition, BigInt(offset), key, BigInt(count), BigInt(sum)]];
    },
  };
}

/** The rows of a topic in the order of its partitions and offsets, once the sink's process has ended. */
export async function readChaosRows(
  path: string,
  migrationsDirectory: string,
  topics: readonly string[],
): Promise<ReadonlyMap<string, readonly OutputRow[]>> {
  const store = await openStore({ at: { path }, migrationsDirectory, clock: Date.now });
  try {
    const rows = new Map<string, OutputRow[]>();
    for (const topic of topics) {
      const sql = `SELECT key, count, sum FROM ${TABLE} FINAL WHERE topic = '${topic}' ORDER BY partition, offset`;
      const text = await readText(store.clickhouse, sql, { format: 'TabSeparated' });
      const lines = text === '' ? [] : text.trimEnd().split('\n');
      rows.set(
        topic,
        lines.map((line) => line.split('\t')).map(([key, ...row]) => parseRow(key!, row.join(' '))),
      );
    }
    return rows;
  } finally {
    await store.close();
  }
}
