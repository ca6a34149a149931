import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of its own: what one run has compiled or left in memory does not help or hurt the next. */
export function startJob(script: URL, job: object): ChildProcess {
  return fork(fileURLToPath(script), [], { env: { ...process.env, HEADRACE_BENCH_JOB: JSON.stringify(job) } });
}

/** In the process: what it is to do. */
export function givenJob<Job>(): Job {
  return JSON.parse(process.env.HEADRACE_BENCH_JOB ?? '{}') as Job;
}

/** Runs a job that sends one message, its result, and ends. */
export function resultOf<Result>(script: URL, job: object, timeoutMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = startJob(script, job);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let result: { readonly message: Result } | undefined;
    child.on('message', (message) => {
      result = { message: message as Result };
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (result !== undefined && code === 0) resolve(result.message);
      else reject(new RangeError(`a run ended with ${signal ?? code} and no result`));
    });
  });
}

/** The one in the middle. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
