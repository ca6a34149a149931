// The sink on Kafka with a ClickHouse of its own, which kills itself at a step or goes on until it is killed.
import { openStore } from '../../../src/clickhouse/store.ts';
import { SinkWorker } from '../../../src/runtime/sink/sink-worker.ts';
import { chaosTable } from './chaos-rows.ts';
import { hitting, openVictimLog, runVictim, victimOrders } from './victim-log.ts';

const FLUSH_INTERVAL_MS = 200;

const orders = victimOrders();
const hit = hitting(orders);
const store = await openStore({
  at: { path: orders.clickhouse },
  migrationsDirectory: orders.migrations,
  clock: Date.now,
});
const log = openVictimLog(orders, hit);
let told: string | undefined;
const sink = new SinkWorker({
  log,
  target: store.target([orders.output, orders.totals].map(chaosTable)),
  sink: `${orders.application}-sink`,
  clock: Date.now,
  flushIntervalMs: FLUSH_INTERVAL_MS,
  onStep: (step) => hit(`sink:${step}`),
  onProgress: ({ lastError, deadLetters }) => {
    if (deadLetters > 0) process.stdout.write(`failed the sink has ${deadLetters} dead letters\n`);
    if (lastError !== undefined && lastError !== told) process.stdout.write('fault SINK_TRIES_AGAIN\n');
    told = lastError;
  },
});
process.on('SIGTERM', () => sink.stop());
await runVictim(log, async () => {
  await sink.run();
  await store.close();
});
