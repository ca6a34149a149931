// A worker on Kafka that kills itself at a step of its commits, or goes on until it is killed.
import { randomUUID } from 'node:crypto';
import { StreamsBuilder, stringSerde, type Topology } from 'headrace';
import type { KafkaCommitStep } from '../../../src/log/kafka/kafka-member-options.ts';
import { openKafkaLog } from '../../../src/log/kafka/open-kafka-log.ts';
import { Worker } from '../../../src/runtime/worker.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { parseRow, rowText } from './output-auditor.ts';

export interface KafkaVictimOrders {
  readonly directory: string;
  readonly brokers: string;
  readonly application: string;
  readonly input: string;
  readonly output: string;
  /** Where it kills itself, the how-manieth time. */
  readonly killAt?: { readonly step: KafkaCommitStep; readonly time: number };
}

/** Short, so that a stopped process is taken for dead while the run lasts. */
export const SESSION_TIMEOUT_MS = 2_500;
const HEARTBEAT_INTERVAL_MS = 300;
const TRANSACTION_TIMEOUT_MS = 10_000;

/** Count and sum of each key, every update written out. */
function topologyOf(input: string, output: string): Topology {
  const builder = new StreamsBuilder();
  const serdes = { key: stringSerde, value: stringSerde };
  builder
    .stream(input, serdes)
    .groupByKey()
    .aggregate<string>({
      name: 'totals',
      value: stringSerde,
      initializer: () => rowText(0, 0),
      aggregator: (key, amount, total) => {
        const { count, sum } = parseRow(key, total);
        return rowText(count + 1, sum + Number(amount));
      },
    })
    .toStream()
    .to(output, serdes);
  return builder.build();
}

const orders = JSON.parse(process.env.HEADRACE_CHAOS_ORDERS ?? '{}') as KafkaVictimOrders;
let hits = 0;
const log = openKafkaLog({
  brokers: orders.brokers,
  connection: { clientId: 'chaos' },
  directory: openDataDirectory(orders.directory, { clock: Date.now }),
  newInstance: randomUUID,
  clock: Date.now,
  startTimer: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
  sessionTimeoutMs: SESSION_TIMEOUT_MS,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
  onStep: (step) => {
    const { killAt } = orders;
    if (step !== killAt?.step || ++hits < killAt.time) return;
    process.stdout.write(`hit ${step}\n`);
    process.kill(process.pid, 'SIGKILL');
  },
});
const worker = new Worker({
  log,
  topology: topologyOf(orders.input, orders.output),
  application: orders.application,
  clock: Date.now,
  onFault: (error) => process.stdout.write(`fault ${error.code}\n`),
});
process.on('SIGTERM', () => worker.stop());
try {
  await worker.run();
  await log.close();
  process.exit(0);
} catch (error) {
  process.stdout.write(`failed ${(error as Error).stack}\n`);
  process.exit(1);
}
