// Run as a process of its own by sink-crash.test.ts: a sink that kills itself at the place it is told.
import { join } from 'node:path';
import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';
import { ClickHouseSinkTarget } from '../../../src/clickhouse/sink-target.ts';
import { openStore } from '../../../src/clickhouse/store.ts';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { SinkWorker } from '../../../src/runtime/sink/sink-worker.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { ledgerSinkTables } from '../../../topologies/account-ledger/sink-tables.ts';

const [directory = '', migrationsDirectory = '', place = '', count = '1'] = process.argv.slice(2);
let left = Number(count);
/** Into an insert that takes some 50 ms. */
const DURING_MS = 15;

function reach(name: string): void {
  if (name === place && --left === 0) process.kill(process.pid, 'SIGKILL');
}

const log = new EmbeddedLog({
  directory: openDataDirectory(join(directory, 'log'), { clock: Date.now }),
  clock: Date.now,
});
const store = await openStore({ at: { path: join(directory, 'clickhouse') }, migrationsDirectory, clock: Date.now });
const { clickhouse } = store;
const killing: ClickHouse = {
  kind: clickhouse.kind,
  command: (sql) => clickhouse.command(sql),
  rows: (sql) => clickhouse.rows(sql),
  read: (sql, options) => clickhouse.read(sql, options),
  settle: (queryId) => clickhouse.settle(queryId),
  close: () => clickhouse.close(),
  insert: async (table, columns, bytes, options) => {
    if (place === 'during' && --left === 0) setTimeout(() => process.kill(process.pid, 'SIGKILL'), DURING_MS);
    await clickhouse.insert(table, columns, bytes, options);
    reach('table');
  },
};
const worker = new SinkWorker({
  log,
  target: new ClickHouseSinkTarget(killing, ledgerSinkTables),
  sink: 'clickhouse',
  clock: Date.now,
  batchRecordsMax: 1_500,
  flushIntervalMs: 20,
  onStep: reach,
});
const running = worker.run();
await worker.drain();
worker.stop();
await running;
await store.close();
await log.close();
process.stdout.write(`${JSON.stringify(worker.metrics)}\n`);
