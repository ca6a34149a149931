import { givenJob } from '../own-process.ts';
import { measureCalls } from './measure.ts';

export interface CallsJob {
  readonly directory: string;
  readonly maxInFlight: number;
  readonly calls: number;
  readonly calleeMs: number;
}

const { directory, maxInFlight, calls, calleeMs } = givenJob<CallsJob>();
process.send!(await measureCalls(directory, maxInFlight, calls, calleeMs));
process.disconnect();
