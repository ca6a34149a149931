import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { KafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { median, resultOf } from '../own-process.ts';
import { PARTITIONS, type Workload } from '../workloads.ts';
import type { Drained, KafkaJob } from './job.ts';
import { fill, topicConfig } from './log.ts';
import { differences, outputsOf } from './outputs.ts';
import type { Peer } from './peer.ts';

export interface ThroughputOptions {
  readonly brokers: string;
  /** For local state; removed by whoever made it. */
  readonly directory: string;
  readonly log: KafkaLog;
  readonly peer: Peer;
  readonly workload: Workload;
  readonly records: number;
  readonly accounts: number;
  readonly repeat: number;
  readonly commitMs: number;
  readonly print: (line: object) => void;
}

const RUN_MAX_MS = 300_000;
const DIFFERENCES_SHOWN = 5;

/**
 * Headrace and Kafka Streams in turn on one input, each run in a process of its own with an application of its own, and after each pair the
 * outputs compared key by key. Returns the ratio of their records per CPU second (medians). Throws RangeError where outputs differ.
 */
export async function throughput(options: ThroughputOptions): Promise<number> {
  const { log, workload, records, accounts, repeat, print } = options;
  const run = `${workload}-${Date.now()}`;
  const input = `bench-in-${run}`;
  await fill(log, input, { records, accounts, partitions: PARTITIONS });
  const figures = { headrace: [] as Drained[], 'kafka-streams': [] as Drained[] };
  for (let i = 0; i < repeat; i++) {
    const outputs: string[] = [];
    // Who begins changes, so that what a first run warms serves both.
    const order = (['headrace', 'kafka-streams'] as const).map((_, k, all) => all[(i + k) % 2]!);
    for (const system of order) {
      const output = `bench-out-${run}-${i}-${system}`;
      await log.createTopics([topicConfig(output, PARTITIONS)]);
      const drained = await drain(options, system, { input, output, application: `bench-${run}-${i}-${system}` });
      if (drained.records !== records) {
        throw new RangeError(`${system} processed ${drained.records} of ${records} records`);
      }
      figures[system].push(drained);
      outputs.push(output);
      print({ system, workload, records, accounts, ...rates(drained) });
    }
    await requireEqual(log, outputs);
  }
  const medians = Object.fromEntries(
    Object.entries(figures).map(([system, runs]) => [system, mediansOf(runs.map(rates))]),
  );
  const ratio = medians.headrace!.recordsPerCpuSecond / medians['kafka-streams']!.recordsPerCpuSecond;
  print({
    workload,
    accounts,
    median: true,
    ...medians,
    ratioPerCpuSecond: Number(ratio.toFixed(2)),
    outputs: 'equal',
  });
  return ratio;
}

function drain(
  { brokers, directory, peer, workload, commitMs }: ThroughputOptions,
  system: 'headrace' | 'kafka-streams',
  names: Pick<KafkaJob, 'input' | 'output' | 'application'>,
): Promise<Drained> {
  const own = mkdtempSync(join(directory, `${system}-`));
  const job: KafkaJob = { mode: 'drain', brokers, directory: own, workload, commitMs, ...names };
  return system === 'headrace' ? resultOf(new URL('job.js', import.meta.url), job, RUN_MAX_MS) : peer.drain(job);
}

async function requireEqual(log: KafkaLog, [one, other]: readonly string[]): Promise<void> {
  const found = differences(await outputsOf(log, one!), await outputsOf(log, other!));
  if (found.length === 0) return;
  const shown = found.slice(0, DIFFERENCES_SHOWN).join('\n  ');
  throw new RangeError(`${one} and ${other} differ in ${found.length} keys:\n  ${shown}`);
}

interface Rates {
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
}

function rates({ records, wallSeconds, cpuSeconds }: Drained): Rates {
  return {
    recordsPerSecond: Math.round(records / wallSeconds),
    recordsPerCpuSecond: Math.round(records / cpuSeconds),
  };
}

function mediansOf(runs: readonly Rates[]): Rates {
  return {
    recordsPerSecond: median(runs.map((run) => run.recordsPerSecond)),
    recordsPerCpuSecond: median(runs.map((run) => run.recordsPerCpuSecond)),
  };
}
