import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const owned = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of owned) child.kill('SIGKILL');
});

/** The process ends with this one at the latest. */
export function own(child: ChildProcess): ChildProcess {
  owned.add(child);
  child.once('exit', () => owned.delete(child));
  return child;
}

/** A process of its own: what one run has compiled or left in memory does not help or hurt the next. */
export function startJob(script: URL, job: object): ChildProcess {
  return own(fork(fileURLToPath(script), [], { env: { ...process.env, HEADRACE_BENCH_JOB: JSON.stringify(job) } }));
}

/** In the process: what it is to do. */
export function givenJob<Job>(): Job {
  return JSON.parse(process.env.HEADRACE_BENCH_JOB ?? '{}') as Job;
}

/** Runs a job that sends one message, its result, and ends. */
export function resultOf<Result>(script: URL, job: object, timeoutMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = startJob(script, job);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    let result: { readonly message: Result } | undefined;
    child.on('message', (message) => {
      result = { message: message as Result };
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (result !== undefined && code === 0) resolve(result.message);
      else if (isLate) reject(new RangeError(`a run took longer than ${timeoutMs / 1_000} s`));
      else reject(new RangeError(`a run ended with ${signal ?? code} and no result`));
    });
  });
}

/** Sends a signal and waits for the end; SIGKILL where that takes too long. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals, timeoutMs = 30_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  child.kill(signal);
  await ended;
  clearTimeout(timer);
}
