import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/log/log.ts';
import { endProcess } from '../own-process.ts';
import { median } from '../statistics.ts';
import { PARTITIONS } from '../workloads.ts';
import { Counts } from './counts.ts';
import { fill, topicConfig } from './log.ts';
import { OutputWatch } from './output-watch.ts';
import type { KafkaJob, System } from './system.ts';
import { Traffic } from './traffic.ts';

export interface RestartOptions {
  readonly brokers: string;
  readonly directory: string;
  readonly log: Log;
  readonly systems: readonly System[];
  /** Accounts with state. */
  readonly keys: number;
  /** Kills of each system. */
  readonly repeat: number;
  readonly commitMs: number;
  readonly print: (line: object) => void;
}

/** What arrives all the time, the kills included. */
const RECORDS_PER_SECOND = 1_000;
const BUSY_ACCOUNTS = 1_000;
/** Between two kills. */
const STEADY_MS = 3_000;
const FILL_MAX_MS = 900_000;
const BACK_MAX_MS = 600_000;

/**
 * A process with state of many accounts is killed (SIGKILL) while records arrive, and started again at once with the same directory. Measured is the
 * time from that start until a reader sees the first committed output of a record that was sent after the kill. In the end each account's count
 * must be what was sent. Throws RangeError where it is not, or where something takes too long.
 */
export async function restart(options: RestartOptions): Promise<void> {
  const { log, systems, keys, print } = options;
  const run = `${Date.now()}`;
  const input = `restart-in-${run}`;
  await fill(log, input, { records: keys, accounts: keys, partitions: PARTITIONS });
  const counts = new Counts();
  for (const system of systems) {
    const output = `restart-out-${run}-${system.name}`;
    await log.createTopics([topicConfig(output, PARTITIONS)]);
    print({ system: system.name, keys, ...(await measured(options, system, input, output, counts)) });
  }
}

async function measured(
  { log, brokers, directory, keys, repeat, commitMs }: RestartOptions,
  system: System,
  input: string,
  output: string,
  counts: Counts,
): Promise<object> {
  const own = mkdtempSync(join(directory, `${system.name}-`));
  const names = { application: `app-${output}`, input, output };
  const job: KafkaJob = { brokers, directory: own, workload: 'balances', commitMs, ...names };
  const before = counts.total;
  const watch = new OutputWatch(log, output, (seen) => counts.saw(output, seen));
  const startedAt = performance.now();
  let child = system.serve(job);
  let traffic: Traffic | undefined;
  try {
    await watch.until('the state to be built', () => watch.seen >= keys + before, FILL_MAX_MS);
    const fillSeconds = (performance.now() - startedAt) / 1_000;
    const fromId = keys + before;
    const busyAccounts = Math.min(BUSY_ACCOUNTS, keys);
    const common = { log, topic: input, partitions: PARTITIONS, accounts: keys, busyAccounts };
    const arriving = new Traffic({ ...common, recordsPerSecond: RECORDS_PER_SECOND, fromId });
    traffic = arriving;
    const backAfterMs: number[] = [];
    for (let i = 0; i < repeat; i++) {
      await sleep(STEADY_MS);
      await watch.until('outputs before the kill', () => watch.lastId >= fromId + i * RECORDS_PER_SECOND, BACK_MAX_MS);
      await endProcess(child, 'SIGKILL');
      const lastBefore = arriving.lastId;
      const at = performance.now();
      child = system.serve(job);
      await watch.until('the first output after the kill', () => watch.lastId > lastBefore, BACK_MAX_MS);
      backAfterMs.push(Math.round(performance.now() - at));
    }
    await arriving.stop();
    counts.add(arriving.sentOf);
    await watch.until('all outputs', () => watch.seen >= keys + counts.total, BACK_MAX_MS);
    counts.require(output, 1);
    return {
      fillSeconds: Number(fillSeconds.toFixed(1)),
      backAfterMs,
      medianBackAfterMs: median(backAfterMs),
      counts: 'right',
    };
  } finally {
    await traffic?.stop().catch(() => undefined);
    await watch.stop().catch(() => undefined);
    await endProcess(child, 'SIGTERM');
  }
}
