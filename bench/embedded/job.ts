import { givenJob } from '../own-process.ts';
import type { Workload } from '../workloads.ts';
import { measure } from './measure.ts';

export interface EmbeddedJob {
  readonly directory: string;
  readonly workload: Workload;
  readonly records: number;
  readonly accounts: number;
  readonly commitMs: number;
}

const { directory, workload, records, accounts, commitMs } = givenJob<EmbeddedJob>();
process.send!(await measure(directory, workload, records, accounts, commitMs));
process.disconnect();
