import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/log/log.ts';
import { endProcess } from '../own-process.ts';
import { recordValueOf, type Workload } from '../workloads.ts';
import { topicConfig } from './log.ts';
import { headrace, type KafkaJob } from './system.ts';

export interface IdleOptions {
  readonly brokers: string;
  readonly brokerPid: number;
  readonly directory: string;
  readonly log: Log;
  readonly workload: Workload;
  readonly partitions: number;
  readonly seconds: number;
  readonly commitMs: number;
  readonly print: (line: object) => void;
}

const EVERY_MS = 100;
/** Until the worker has joined, and the virtual machines have compiled what they do all the time. */
const SETTLE_MS = 30_000;
const TICKS_PER_SECOND = 100;

/**
 * A worker of many partitions that have next to nothing to do: one record each every 100 ms. Prints what a worker's process and the broker take of one core:
 * the broker with the producer alone, and with the worker as well.
 */
export async function idle(options: IdleOptions): Promise<void> {
  const { brokers, brokerPid, directory, log, workload, partitions, seconds, commitMs, print } = options;
  const run = `${workload}-${Date.now()}`;
  const [input, output] = [`idle-in-${run}`, `idle-out-${run}`];
  await log.createTopics([topicConfig(input, partitions), topicConfig(output, partitions)]);
  const own = mkdtempSync(join(directory, 'idle-'));
  const job: KafkaJob = {
    ...{ brokers, directory: own, workload, commitMs, input, output },
    application: `idle-${run}`,
  };
  const stop = new AbortController();
  const producing = produce(log, input, partitions, stop.signal);
  let worker: ReturnType<typeof headrace.serve> | undefined;
  try {
    await sleep(SETTLE_MS);
    const [alone] = await percentsOf([brokerPid], seconds);
    worker = headrace.serve(job);
    await sleep(SETTLE_MS);
    const [ofWorker, ofBroker] = await percentsOf([worker.pid!, brokerPid], seconds);
    const percentOfOneCore = { worker: ofWorker, broker: ofBroker, brokerWithoutWorker: alone };
    print({ workload, partitions, seconds, percentOfOneCore });
  } finally {
    stop.abort();
    await producing;
    if (worker !== undefined) await endProcess(worker, 'SIGTERM');
  }
}

/** What each process takes of one core in so many seconds. */
async function percentsOf(pids: readonly number[], seconds: number): Promise<readonly number[]> {
  const before = pids.map(cpuSecondsOf);
  const startedAt = performance.now();
  await sleep(seconds * 1_000);
  const elapsed = (performance.now() - startedAt) / 1_000;
  return pids.map((pid, i) => Number((((cpuSecondsOf(pid) - before[i]!) / elapsed) * 100).toFixed(1)));
}

async function produce(log: Log, topic: string, partitions: number, signal: AbortSignal): Promise<void> {
  for (let sent = 0; !signal.aborted; ) {
    const at = Date.now();
    const appends = Array.from({ length: partitions }, (_, partition) => {
      const key = Buffer.from(`account-${partition}`);
      return log.append([{ topic, partition, timestamp: at, key, value: recordValueOf(sent++) }]);
    });
    await Promise.all(appends);
    await sleep(Math.max(0, at + EVERY_MS - Date.now()));
  }
}

/** User and system time of a process, from /proc (Linux). */
export function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
