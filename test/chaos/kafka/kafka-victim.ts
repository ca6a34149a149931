// A worker on Kafka that kills itself at a step of its commits, or goes on until it is killed.
import { StreamsBuilder, stringSerde, type Topology } from 'headrace';
import { Worker } from '../../../src/runtime/worker.ts';
import { groupOf, parseRow, rowText } from './output-auditor.ts';
import { hitting, openVictimLog, runVictim, type VictimOrders, victimOrders } from './victim-log.ts';

/** Count and sum of each key, and over a repartition topic of each group of keys, every update written out. */
function topologyOf({ input, output, totals }: VictimOrders): Topology {
  const builder = new StreamsBuilder();
  const serdes = { key: stringSerde, value: stringSerde };
  const aggregate = (name: string) => ({
    name,
    value: stringSerde,
    initializer: () => rowText(0, 0),
    aggregator: (key: string, amount: string, total: string) => {
      const { count, sum } = parseRow(key, total);
      return rowText(count + 1, sum + Number(amount));
    },
  });
  const stream = builder.stream(input, serdes);
  stream.groupByKey().aggregate<string>(aggregate('balances')).toStream().to(output, serdes);
  stream
    .groupBy((key) => groupOf(key!), { name: 'by-group', ...serdes })
    .aggregate<string>(aggregate('groups'))
    .toStream()
    .to(totals, serdes);
  return builder.build();
}

const orders = victimOrders();
const log = openVictimLog(orders, hitting(orders));
const worker = new Worker({
  log,
  topology: topologyOf(orders),
  application: orders.application,
  clock: Date.now,
  onFault: (error) => process.stdout.write(`fault ${error.code}\n`),
});
process.on('SIGTERM', () => worker.stop());
await runVictim(log, () => worker.run());
