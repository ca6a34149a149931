import type { ChildProcess } from 'node:child_process';
import { resultOf, startJob } from '../own-process.ts';
import type { Workload } from '../workloads.ts';

/** What one process is to run. */
export interface KafkaJob {
  readonly brokers: string;
  /** Of its local state: another process with the same one is the same instance come back. */
  readonly directory: string;
  readonly application: string;
  readonly workload: Workload;
  readonly input: string;
  readonly output: string;
  readonly commitMs: number;
}

export interface GivenJob extends KafkaJob {
  /** To the end of what is there, or until SIGTERM, at which it leaves the group. */
  readonly mode: 'drain' | 'serve';
}

/** What one program took for the input. */
export interface Drained {
  readonly records: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** What the process had taken before. */
  readonly startCpuSeconds: number;
}

/** One of the programs that are compared: each run is a process of its own. */
export interface System {
  readonly name: 'headrace' | 'kafka-streams';
  drain(job: KafkaJob): Promise<Drained>;
  serve(job: KafkaJob): ChildProcess;
}

export const DRAIN_MAX_MS = 600_000;
const JOB = new URL('job.js', import.meta.url);

export const headrace: System = {
  name: 'headrace',
  drain: (job) => resultOf<Drained>(JOB, { ...job, mode: 'drain' } satisfies GivenJob, DRAIN_MAX_MS),
  serve: (job) => startJob(JOB, { ...job, mode: 'serve' } satisfies GivenJob),
};
