import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { TopicConfig } from '../../src/log/log.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import {
  CONFIRMED_AFTER_MS,
  PARTITIONS,
  recordKeyOf,
  recordValueOf,
  timestampOf,
  topologyOf,
  type Workload,
} from '../workloads.ts';
import { checkResults } from './check-results.ts';

export interface Measurement {
  readonly system: 'headrace';
  readonly log: 'embedded';
  readonly workload: Workload;
  readonly records: number;
  readonly accounts: number;
  readonly recordsPerSecond: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly recordsPerCpuSecond: number;
  /** Commits of the worker, and synced transactions of the log in the same span. */
  readonly commits: number;
  readonly syncs: number;
}

const APPEND_RECORDS = 10_000;
const INPUT = 'bench-in';
const CONFIRMATIONS = 'bench-confirm';
const OUTPUT = 'bench-out';

/**
 * Fills a log in a new directory under `parent`, runs one workload over it to the end, checks what it wrote, and
 * removes the directory. Time and CPU count from the start of the worker until everything is committed, on disk.
 */
export async function measure(
  parent: string,
  workload: Workload,
  records: number,
  accounts: number,
  commitIntervalMs: number,
): Promise<Measurement> {
  const directory = await mkdtemp(join(parent, 'headrace-bench-'));
  let syncs = 0;
  const log = new EmbeddedLog({
    directory: openDataDirectory(directory, { clock: Date.now }),
    clock: Date.now,
    onStep: (step) => {
      if (step === 'commit-synced') syncs++;
    },
  });
  try {
    await log.createTopics([INPUT, CONFIRMATIONS, OUTPUT].map(topicConfig));
    await fill(log, INPUT, 0, records, accounts);
    if (workload === 'join') await fill(log, CONFIRMATIONS, CONFIRMED_AFTER_MS, records, accounts);
    const worker = new Worker({
      log,
      topology: topologyOf(workload, INPUT, CONFIRMATIONS, OUTPUT),
      application: 'bench',
      clock: Date.now,
      commitIntervalMs,
    });
    const syncsBefore = syncs;
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const running = worker.run();
    await Promise.race([worker.idle(), running]);
    const wallSeconds = (performance.now() - startedAt) / 1_000;
    const cpu = process.cpuUsage(cpuBefore);
    const { commits, processed } = worker.metrics();
    const syncsDone = syncs - syncsBefore;
    worker.stop();
    await running;
    await checkResults(log, OUTPUT, workload, processed, records, accounts);
    const read = workload === 'join' ? 2 * records : records;
    const cpuSeconds = (cpu.user + cpu.system) / 1e6;
    return {
      system: 'headrace',
      log: 'embedded',
      workload,
      records: read,
      accounts,
      recordsPerSecond: Math.round(read / wallSeconds),
      wallSeconds: round(wallSeconds),
      cpuSeconds: round(cpuSeconds),
      recordsPerCpuSecond: Math.round(read / cpuSeconds),
      commits,
      syncs: syncsDone,
    };
  } finally {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function fill(
  log: EmbeddedLog,
  topic: string,
  laterMs: number,
  records: number,
  accounts: number,
): Promise<void> {
  for (let start = 0; start < records; start += APPEND_RECORDS) {
    const batch: NewRecord[] = [];
    for (let i = start; i < Math.min(records, start + APPEND_RECORDS); i++) {
      const key = Buffer.from(recordKeyOf(i, accounts));
      batch.push({
        topic,
        partition: partitionFor(key, PARTITIONS),
        timestamp: timestampOf(i) + laterMs,
        key,
        value: recordValueOf(i),
      });
    }
    await log.append(batch);
  }
}

function topicConfig(name: string): TopicConfig {
  return { name, partitions: PARTITIONS, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
