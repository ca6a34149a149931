import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/log/log.ts';
import { median } from '../statistics.ts';
import { kindOf, PARTITIONS, type Workload } from '../workloads.ts';
import { fill, topicConfig } from './log.ts';
import { differences, type KeyOutput, outputsOf } from './outputs.ts';
import type { Drained, System } from './system.ts';

export interface ThroughputOptions {
  readonly brokers: string;
  /** For local state; removed by whoever made it. */
  readonly directory: string;
  readonly log: Log;
  /** Two, compared with each other. */
  readonly systems: readonly [System, System];
  readonly workload: Workload;
  readonly records: number;
  readonly accounts: number;
  readonly repeat: number;
  readonly commitMs: number;
  readonly print: (line: object) => void;
}

const DIFFERENCES_SHOWN = 5;
/** The last markers of a transaction are written after it is decided: what differs is looked at again before it counts. */
const LOOKS_MAX = 4;
const LOOK_AGAIN_MS = 500;

/**
 * Both systems in turn on one input, each run in a process of its own with an application of its own, and after each pair the
 * outputs compared key by key. Returns the ratio of their records per CPU second (medians). Throws RangeError where outputs differ.
 */
export async function throughput(options: ThroughputOptions): Promise<number> {
  const { log, systems, workload, records, accounts, repeat, print } = options;
  const run = `${workload}-${Date.now()}`;
  const input = `bench-in-${run}`;
  await fill(log, input, { records, accounts, partitions: PARTITIONS });
  const figures = new Map(systems.map(({ name }) => [name, [] as Rates[]]));
  for (let i = 0; i < repeat; i++) {
    // Who begins changes, so that what a first run warms serves both.
    const order = i % 2 === 0 ? systems : systems.toReversed();
    const outputOf = ({ name }: System) => `bench-out-${run}-${i}-${name}`;
    for (const system of order) {
      await log.createTopics([topicConfig(outputOf(system), PARTITIONS)]);
      const drained = await drain(options, system, input, outputOf(system));
      if (drained.records !== records) {
        throw new RangeError(`${system.name} processed ${drained.records} of ${records} records`);
      }
      figures.get(system.name)!.push(rates(drained));
      print({ system: system.name, workload, records, accounts, ...rates(drained), ...rounded(drained) });
    }
    await requireEqual(log, systems.map(outputOf), writtenOf(workload, records));
  }
  const medians = Object.fromEntries(systems.map(({ name }) => [name, mediansOf(figures.get(name)!)]));
  const [ours, theirs] = systems.map(({ name }) => medians[name]!.recordsPerCpuSecond);
  const ratio = Number((ours! / theirs!).toFixed(2));
  const outputs = { outputs: 'equal', outputRecords: writtenOf(workload, records) };
  print({ median: true, workload, records, accounts, runs: repeat, ...medians, ratioPerCpuSecond: ratio, ...outputs });
  return ratio;
}

function drain(
  { brokers, directory, workload, commitMs }: ThroughputOptions,
  system: System,
  input: string,
  output: string,
): Promise<Drained> {
  const own = mkdtempSync(join(directory, `${system.name}-`));
  return system.drain({ brokers, directory: own, workload, commitMs, input, output, application: `app-${output}` });
}

/** How many records are due in an output. */
function writtenOf(workload: Workload, records: number): number {
  if (workload !== 'stateless') return records;
  let written = 0;
  for (let i = 0; i < records; i++) if (kindOf(i) !== 3) written++;
  return written;
}

async function requireEqual(log: Log, topics: readonly string[], due: number): Promise<void> {
  const [one, other] = [topics[0]!, topics[1]!];
  for (let looks = 1; ; looks++) {
    const [ours, theirs] = [await outputsOf(log, one), await outputsOf(log, other)];
    const found = [...differences(ours, theirs)];
    const written = totalOf(ours);
    if (written !== due) found.unshift(`${one} holds ${written} records, ${due} are due`);
    if (found.length === 0) return;
    if (looks === LOOKS_MAX) {
      const shown = found.slice(0, DIFFERENCES_SHOWN).join('\n  ');
      throw new RangeError(`${one} and ${other} differ in ${found.length} places:\n  ${shown}`);
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

function totalOf(outputs: ReadonlyMap<string, KeyOutput>): number {
  let total = 0;
  for (const { updates } of outputs.values()) total += updates;
  return total;
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

function rounded({ wallSeconds, cpuSeconds, startCpuSeconds }: Drained) {
  const two = (seconds: number) => Number(seconds.toFixed(2));
  return { wallSeconds: two(wallSeconds), cpuSeconds: two(cpuSeconds), startCpuSeconds: two(startCpuSeconds) };
}

function mediansOf(runs: readonly Rates[]): Rates {
  return {
    recordsPerSecond: median(runs.map((run) => run.recordsPerSecond)),
    recordsPerCpuSecond: median(runs.map((run) => run.recordsPerCpuSecond)),
  };
}
