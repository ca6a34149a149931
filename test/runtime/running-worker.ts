import { Worker, type WorkerOptions } from '../../src/runtime/worker.ts';

/** A worker that runs, and how to end it when all is processed. */
export function startWorker(options: WorkerOptions) {
  const worker = new Worker(options);
  const running = worker.run();
  return {
    worker,
    running,
    async finish() {
      await Promise.race([worker.idle(), running]);
      worker.stop();
      await running;
    },
  };
}
