import { writeSync } from 'node:fs';
import type { KafkaCommitStep } from '../../../src/log/kafka/kafka-member-options.ts';
import { Worker } from '../../../src/runtime/worker.ts';
import { APPLICATION, books } from './books.ts';
import { type ChaosLogOptions, openLog } from './open-log.ts';

export interface VictimOrders extends Omit<ChaosLogOptions, 'onStep'> {
  /** What it does to itself at the n-th time it comes to the step. */
  readonly fault?: { readonly signal: 'SIGKILL' | 'SIGSTOP'; readonly step: KafkaCommitStep; readonly occurrence: number };
}

const orders = JSON.parse(process.env.HEADRACE_CHAOS_ORDERS!) as VictimOrders;
// Synchronous, so that the word is out before the process is gone.
const say = (line: string) => void writeSync(1, `${line}\n`);
let times = 0;
const log = openLog({
  ...orders,
  onStep: (step) => {
    if (step === 'apply') say('commit');
    const { fault } = orders;
    if (fault === undefined || step !== fault.step || ++times !== fault.occurrence) return;
    say('hit');
    process.kill(process.pid, fault.signal);
  },
});
const worker = new Worker({
  log,
  topology: books(),
  application: APPLICATION,
  clock: Date.now,
  commitIntervalMs: 100,
  onFault: ({ code, message }) => say(`abort ${code} ${message}`),
});
process.on('SIGTERM', () => worker.stop());
await worker.run();
await log.close();
process.exit(0);
