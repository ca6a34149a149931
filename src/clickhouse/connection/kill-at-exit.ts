import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';

/**
 * A process that is to exit while a reader's query runs would wait for the query, and where it is streamed never end: the engine's client
 * throws into the thread that is being ended (chdb 3.4.0). So it ends as by any kill, which nothing on disk minds.
 */
export function killAtExitWhile(isReading: () => boolean): void {
  // Where a thread exits, the process goes on.
  if (!isMainThread) return;
  let uncaught: unknown;
  process.on('uncaughtExceptionMonitor', (error) => {
    uncaught = error;
  });
  process.on('exit', () => {
    if (!isReading()) return;
    // Node.js itself says why only behind this.
    if (uncaught !== undefined) writeSync(process.stderr.fd, `${inspect(uncaught)}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
}
