// The entry of a worker thread.
import { parentPort, workerData } from 'node:worker_threads';
import { runThread } from './run-thread.ts';
import type { ThreadOrders } from './thread-messages.ts';

await runThread(workerData as ThreadOrders, parentPort!, Date.now);
