import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { ProcessLog, type ProcessLogOptions } from '../../../src/testing/simulation/process-log.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A process that was killed while it asks for topics; what is left of its log once nobody holds it. */
function killed(): WeakRef<object> {
  const log = { topics: async () => [] };
  const time = { now: () => 0, startTimer: () => () => {} };
  const options = { log, time, sessionTimeoutMs: 1, isSlow: () => false } as unknown as ProcessLogOptions;
  const process = new ProcessLog(options);
  process.kill();
  void process.topics();
  return new WeakRef(log);
}

it('nothing keeps the log of a process that was killed and waits for its answers: thousands of runs fit in memory', async () => {
  const logs = Array.from({ length: 3 }, killed);
  // Weak references hold until the turn ends.
  await new Promise((resolve) => setTimeout(resolve, 10));
  collectGarbage();
  expect(logs.map((each) => each.deref())).toEqual([undefined, undefined, undefined]);
});
