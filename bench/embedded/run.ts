import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../numbers.ts';
import { resultOf } from '../own-process.ts';
import { median } from '../statistics.ts';
import { ACCOUNTS, WORKLOADS, type Workload } from '../workloads.ts';
import type { EmbeddedJob } from './job.ts';
import type { Measurement } from './measure.ts';

export const EMBEDDED_HELP = `npm run bench -- embedded [options]

Runs Kafka Streams' anchor workloads on the embedded log, each measurement in a process of its own, and prints one JSON
line for each: records/s and records per CPU second from the worker's start until everything is committed on disk.

  --workload NAME   ${WORKLOADS.join(', ')}; repeatable (all)
  --records N       records of a run, in each of a join's two topics (1000000)
  --accounts N      accounts; repeatable (1000 and 100000 for balances, 1000 for stateless, 100000 for join)
  --repeat N        runs of each; a line with the medians follows them (3)
  --commit-ms N     time between commits (100)
  --directory DIR   where the logs are made (the system's temporary directory)
`;

const RUN_MAX_MS = 300_000;

/** Resolves with the exit code; throws TypeError for options that are none. */
export async function runEmbedded(args: readonly string[]): Promise<number> {
  const { values } = parse(args);
  const workloads = (values.workload ?? WORKLOADS) as readonly Workload[];
  const unknown = workloads.find((workload) => !WORKLOADS.includes(workload));
  if (unknown !== undefined) throw new TypeError(`There is no workload ${unknown}; there are ${WORKLOADS.join(', ')}.`);
  for (const workload of workloads) {
    const accounts = values.accounts?.map((text) => wholeNumber('accounts', text)) ?? ACCOUNTS[workload];
    for (const count of accounts) {
      const job: EmbeddedJob = {
        directory: values.directory,
        workload,
        records: wholeNumber('records', values.records),
        accounts: count,
        commitMs: wholeNumber('commit-ms', values['commit-ms']),
      };
      const runs: Measurement[] = [];
      for (let i = 0; i < wholeNumber('repeat', values.repeat); i++) {
        runs.push(await resultOf<Measurement>(new URL('job.js', import.meta.url), job, RUN_MAX_MS));
        process.stdout.write(`${JSON.stringify(runs.at(-1))}\n`);
      }
      process.stdout.write(`${JSON.stringify({ ...job, directory: undefined, median: true, ...medians(runs) })}\n`);
    }
  }
  return 0;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      workload: { type: 'string', multiple: true },
      records: { type: 'string', default: '1000000' },
      accounts: { type: 'string', multiple: true },
      repeat: { type: 'string', default: '3' },
      'commit-ms': { type: 'string', default: '100' },
      directory: { type: 'string', default: tmpdir() },
    },
  });
}

function medians(runs: readonly Measurement[]) {
  return {
    recordsPerSecond: median(runs.map((run) => run.recordsPerSecond)),
    recordsPerCpuSecond: median(runs.map((run) => run.recordsPerCpuSecond)),
  };
}
