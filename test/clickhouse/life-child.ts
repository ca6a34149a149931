// Run as a process of its own by killed-at-rename.test.ts: inserts three rows as one cut, and says how many there are.
import { readText } from '../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../src/clickhouse/connection/embedded.ts';

const [path = '', uuid = ''] = process.argv.slice(2);
const TABLE = 'headrace.numbers_rows';

const clickhouse = await openEmbedded({ path });
await clickhouse.command('CREATE DATABASE IF NOT EXISTS headrace');
// The UUID names the directory in which the part is renamed.
await clickhouse.command(
  `CREATE TABLE IF NOT EXISTS ${TABLE} UUID '${uuid}' (n UInt8) ENGINE = ReplacingMergeTree ORDER BY n
   SETTINGS non_replicated_deduplication_window = 100, fsync_after_insert = 1, fsync_part_directory = 1`,
);
const insert = () =>
  clickhouse.insert(TABLE, [{ name: 'n', type: 'UInt8' }], [new Uint8Array([1, 2, 3])], {
    token: 'cut',
    queryId: 'cut',
  });
try {
  await insert();
} catch (error) {
  process.stdout.write(`failed ${error instanceof Error ? error.message : String(error)}\n`);
  await insert();
}
process.stdout.write(`rows ${await readText(clickhouse, `SELECT count() FROM ${TABLE} FINAL`, { format: 'TSV' })}`);
await clickhouse.close();
process.exit(0);
