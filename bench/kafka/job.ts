import { Worker } from '../../src/runtime/worker.ts';
import { givenJob } from '../own-process.ts';
import { topologyOf, type Workload } from '../workloads.ts';
import { openLog } from './log.ts';

export interface KafkaJob {
  /** To the end of what is there, or until the process is ended. */
  readonly mode: 'drain' | 'serve';
  readonly brokers: string;
  readonly directory: string;
  readonly application: string;
  readonly workload: Workload;
  readonly input: string;
  readonly output: string;
  readonly commitMs: number;
}

/** What one program took for the input. */
export interface Drained {
  readonly records: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

const { mode, brokers, directory, application, workload, input, output, commitMs } = givenJob<KafkaJob>();
const log = openLog(brokers, directory);
const worker = new Worker({
  log,
  topology: topologyOf(workload, input, '', output),
  application,
  clock: Date.now,
  commitIntervalMs: commitMs,
  onFault: ({ code, message }) => process.stderr.write(`${code}: ${message}\n`),
});
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const running = worker.run();
if (mode === 'serve') {
  process.once('SIGTERM', () => worker.stop());
  await running;
} else {
  await Promise.race([worker.idle(), running]);
  const wallSeconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const drained: Drained = { records: worker.metrics().processed, wallSeconds, cpuSeconds: (user + system) / 1e6 };
  worker.stop();
  await running;
  process.send!(drained);
}
await log.close();
if (process.connected) process.disconnect();
