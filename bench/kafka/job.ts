import { Worker } from '../../src/runtime/worker.ts';
import { givenJob } from '../own-process.ts';
import { topologyOf } from '../workloads.ts';
import { openLog } from './log.ts';
import type { Drained, GivenJob } from './system.ts';

const { mode, brokers, directory, application, workload, input, output, commitMs } = givenJob<GivenJob>();
// Whoever started it is gone: nobody wants the result.
process.once('disconnect', () => process.exit(1));
const started = process.cpuUsage();
const log = openLog(brokers, directory);
const worker = new Worker({
  log,
  topology: topologyOf(workload, input, '', output),
  application,
  clock: Date.now,
  commitIntervalMs: commitMs,
  onFault: ({ code, message }) => process.stderr.write(`${code}: ${message}\n`),
});
const startedAt = performance.now();
const running = worker.run();
if (mode === 'serve') {
  process.once('SIGTERM', () => worker.stop());
  await running;
} else {
  await Promise.race([worker.idle(), running]);
  const wallSeconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(started);
  const drained: Drained = {
    records: worker.metrics().processed,
    wallSeconds,
    cpuSeconds: (user + system) / 1e6,
    startCpuSeconds: (started.user + started.system) / 1e6,
  };
  worker.stop();
  await running;
  process.send!(drained);
}
await log.close();
process.removeAllListeners('disconnect');
if (process.connected) process.disconnect();
