import { Worker } from 'node:worker_threads';
import type { JobMessage, JobRun } from './job.ts';

export interface RunJobsOptions {
  readonly parity: string;
  readonly names: readonly string[];
  readonly seeds: number;
  readonly firstSeed: number;
  readonly jobs: number;
  readonly failuresMax: number;
  readonly isQuiet: boolean;
  /** Whether a run that fails is made smaller. */
  readonly shrinks: boolean;
}

export interface RunJobsReport {
  readonly passed: number;
  readonly failures: readonly { readonly target: string; readonly seed: number; readonly message: string }[];
  readonly seconds: number;
  /** A seed is one run of each topology. */
  readonly seedsPerSecond: number;
  readonly runsPerSecond: number;
}

/** Virtual time costs nothing: a run that takes so long hangs. */
const RUN_MAX_MS = 60_000;
const SHRINK_MAX_MS = 60_000;
const PROGRESS_MS = 1_000;

/** Runs all seeds of all topologies over some worker threads, until enough have failed. */
export async function runJobs(options: RunJobsOptions): Promise<RunJobsReport> {
  const { names, seeds, firstSeed, jobs, failuresMax, isQuiet } = options;
  const startedAt = Date.now();
  const failures: { target: string; seed: number; message: string }[] = [];
  let passed = 0;
  let next = 0;
  const total = seeds * names.length;
  // Seed after seed, so that what fails often is found early.
  const take = (): JobRun | undefined => {
    if (next >= total || failures.length >= failuresMax) return undefined;
    const number = next++;
    return { target: names[number % names.length]!, seed: firstSeed + Math.floor(number / names.length) };
  };
  const settle = ({ target, seed }: JobRun, message: string | undefined) => {
    if (message === undefined) passed++;
    else failures.push({ target, seed, message });
  };
  const progress = setInterval(() => {
    if (isQuiet || !process.stderr.isTTY) return;
    process.stderr.write(`\r${passed + failures.length} of ${total} runs, ${failures.length} failed `);
  }, PROGRESS_MS);
  await Promise.all(Array.from({ length: jobs }, () => runJob(options, take, settle)));
  clearInterval(progress);
  if (!isQuiet && process.stderr.isTTY) process.stderr.write('\n');
  const seconds = (Date.now() - startedAt) / 1_000;
  const runs = passed + failures.length;
  return { passed, failures, seconds, seedsPerSecond: runs / names.length / seconds, runsPerSecond: runs / seconds };
}

async function runJob(
  options: RunJobsOptions,
  take: () => JobRun | undefined,
  settle: (run: JobRun, message: string | undefined) => void,
): Promise<void> {
  let worker = newWorker(options);
  let run = take();
  if (run !== undefined) worker.postMessage(run);
  while (run !== undefined) {
    // The next run lies with the worker before this one ends, so that it never waits for us.
    const next = take();
    if (next !== undefined) worker.postMessage(next);
    const { message, hangs } = await outcomeOf(worker, run);
    settle(run, message);
    if (hangs) {
      await worker.terminate();
      worker = newWorker(options);
      if (next !== undefined) worker.postMessage(next);
    }
    run = next;
  }
  await worker.terminate();
}

function newWorker({ parity, shrinks }: RunJobsOptions): Worker {
  return new Worker(new URL('./job.js', import.meta.url), {
    workerData: { parity, shrinks },
    // A run makes much that lives as long as itself and no longer.
    resourceLimits: { maxYoungGenerationSizeMb: 128 },
  });
}

function outcomeOf(
  worker: Worker,
  run: JobRun,
): Promise<{ readonly message: string | undefined; readonly hangs: boolean }> {
  return new Promise((resolve) => {
    let known = `seed ${run.seed}: it did not end within ${RUN_MAX_MS / 1_000} s`;
    let timer = setTimeout(() => end(known, true), RUN_MAX_MS);
    const end = (message: string | undefined, hangs: boolean) => {
      clearTimeout(timer);
      worker.off('error', onError);
      worker.off('message', onMessage);
      resolve({ message, hangs });
    };
    const onError = (error: Error) => end(`seed ${run.seed}: ${error.stack}`, true);
    const onMessage = (message: JobMessage) => {
      if (message.kind === 'done') return end(message.message, false);
      known = `seed ${run.seed}: ${message.message}`;
      clearTimeout(timer);
      timer = setTimeout(() => end(known, true), SHRINK_MAX_MS);
    };
    worker.on('error', onError);
    worker.on('message', onMessage);
  });
}
