import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../numbers.ts';
import { resultOf } from '../own-process.ts';
import type { CallsJob } from './job.ts';
import type { CallsMeasurement } from './measure.ts';

export const CALLS_HELP = `npm run bench -- calls [options]

Calls per second of a callAsync on the embedded log, with a callee in the same process that takes its time and no work; each
measurement in a process of its own, one JSON line for each.

  --in-flight N     calls under way at once; repeatable (1, 64, 256)
  --callee-ms N     what the callee takes for each (10)
  --seconds N       how long a measurement would take if no time were lost (3)
  --repeat N        runs of each (3)
  --directory DIR   where the logs are made (the system's temporary directory)
`;

const RUN_MAX_MS = 300_000;

/** Resolves with the exit code; throws TypeError for options that are none. */
export async function runCalls(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'in-flight': { type: 'string', multiple: true, default: ['1', '64', '256'] },
      'callee-ms': { type: 'string', default: '10' },
      seconds: { type: 'string', default: '3' },
      repeat: { type: 'string', default: '3' },
      directory: { type: 'string', default: tmpdir() },
    },
  });
  const calleeMs = wholeNumber('callee-ms', values['callee-ms']);
  const seconds = wholeNumber('seconds', values.seconds);
  for (const text of values['in-flight']) {
    const maxInFlight = wholeNumber('in-flight', text);
    const calls = Math.ceil((maxInFlight * seconds * 1_000) / calleeMs);
    const job: CallsJob = { directory: values.directory, maxInFlight, calls, calleeMs };
    for (let i = 0; i < wholeNumber('repeat', values.repeat); i++) {
      const result = await resultOf<CallsMeasurement>(new URL('job.js', import.meta.url), job, RUN_MAX_MS);
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }
  }
  return 0;
}
