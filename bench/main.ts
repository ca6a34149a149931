import { fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Measurement, measure } from './measure.ts';
import { ACCOUNTS, WORKLOADS, type Workload } from './workloads.ts';

const HELP = `npm run bench -- embedded [options]

Runs Kafka Streams' anchor workloads on the embedded log, each measurement in a process of its own, and prints one JSON
line for each: records/s and records per CPU second from the worker's start until everything is committed on disk.

  --workload NAME   ${WORKLOADS.join(', ')}; repeatable (all)
  --records N       records of a run, in each of a join's two topics (1000000)
  --accounts N      accounts; repeatable (1000 and 100000 for balances, 1000 for stateless, 100000 for join)
  --repeat N        runs of each; a line with the medians follows them (3)
  --commit-ms N     time between commits (100)
  --directory DIR   where the logs are made (the system's temporary directory)
  --help

Results with the machine they come from: bench/README.md
`;

interface Job {
  readonly directory: string;
  readonly workload: Workload;
  readonly records: number;
  readonly accounts: number;
  readonly commitMs: number;
}

const RUN_MAX_MS = 300_000;

if (process.env.HEADRACE_BENCH_JOB === undefined) {
  process.exitCode = await main(process.argv.slice(2));
} else {
  const { directory, workload, records, accounts, commitMs } = JSON.parse(process.env.HEADRACE_BENCH_JOB) as Job;
  process.send!(await measure(directory, workload, records, accounts, commitMs));
  process.disconnect();
}

async function main(args: string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help || positionals[0] !== 'embedded') {
    process[values.help ? 'stdout' : 'stderr'].write(HELP);
    return values.help ? 0 : 2;
  }
  const workloads = (values.workload ?? WORKLOADS) as readonly Workload[];
  const unknown = workloads.find((workload) => !WORKLOADS.includes(workload));
  if (unknown !== undefined) {
    process.stderr.write(`There is no workload ${unknown}; there are ${WORKLOADS.join(' and ')}.\n`);
    return 2;
  }
  for (const workload of workloads) {
    const accounts = values.accounts?.map(Number) ?? ACCOUNTS[workload];
    for (const count of accounts) {
      const job = {
        directory: values.directory,
        workload,
        records: Number(values.records),
        accounts: count,
        commitMs: Number(values['commit-ms']),
      };
      const runs: Measurement[] = [];
      for (let i = 0; i < Number(values.repeat); i++) {
        runs.push(await inOwnProcess(job));
        process.stdout.write(`${JSON.stringify(runs.at(-1))}\n`);
      }
      process.stdout.write(`${JSON.stringify({ ...job, directory: undefined, median: true, ...medians(runs) })}\n`);
    }
  }
  return 0;
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      workload: { type: 'string', multiple: true },
      records: { type: 'string', default: '1000000' },
      accounts: { type: 'string', multiple: true },
      repeat: { type: 'string', default: '3' },
      'commit-ms': { type: 'string', default: '100' },
      directory: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  });
}

/** A process of its own: what one run has compiled or left in memory does not help or hurt the next. */
function inOwnProcess(job: Job): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [], {
      env: { ...process.env, HEADRACE_BENCH_JOB: JSON.stringify(job) },
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MAX_MS);
    let result: Measurement | undefined;
    child.on('message', (message) => {
      result = message as Measurement;
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (result !== undefined && code === 0) resolve(result);
      else reject(new RangeError(`the run of ${job.workload} ended with ${signal ?? code} and no result`));
    });
  });
}

function medians(runs: readonly Measurement[]) {
  const median = (of: (run: Measurement) => number) => runs.map(of).sort((a, b) => a - b)[runs.length >> 1];
  return {
    recordsPerSecond: median((run) => run.recordsPerSecond),
    recordsPerCpuSecond: median((run) => run.recordsPerCpuSecond),
  };
}
