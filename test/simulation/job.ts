// A worker thread of `npm run simulate`: runs what it is told, one after the other.
import { parentPort, workerData } from 'node:worker_threads';
import { describeFailure } from '../../src/testing/simulation/describe-failure.ts';
import { drawScript } from '../../src/testing/simulation/script.ts';
import { shrink } from '../../src/testing/simulation/shrink.ts';
import { simulateScript } from '../../src/testing/simulation/simulate.ts';
import { targetsOf } from './targets.ts';

export interface JobRun {
  readonly target: string;
  readonly seed: number;
}

export type JobMessage =
  | { readonly kind: 'failed'; readonly run: JobRun; readonly message: string }
  | { readonly kind: 'done'; readonly run: JobRun; readonly message: string | undefined };

const { parity, shrinks } = workerData as { readonly parity: string; readonly shrinks: boolean };
const targets = targetsOf(parity);
const post = (message: JobMessage) => parentPort!.postMessage(message);

let last: Promise<void> = Promise.resolve();
parentPort!.on('message', (run: JobRun) => {
  last = last.then(() => work(run));
});

async function work(run: JobRun): Promise<void> {
  const { options } = targets.find(({ name }) => name === run.target)!;
  try {
    const script = drawScript(run.seed, options);
    const { failure } = await simulateScript(options, script);
    if (failure === undefined) return post({ kind: 'done', run, message: undefined });
    // To make it smaller may take long: what is wrong is told before.
    const message = `${failure.kind}: ${failure.message}`;
    if (!shrinks) return post({ kind: 'done', run, message: `seed ${run.seed}: ${message}` });
    post({ kind: 'failed', run, message });
    const smallest = await shrink(options, script, failure);
    post({ kind: 'done', run, message: describeFailure({ seed: run.seed, ...smallest }) });
  } catch (error) {
    post({ kind: 'done', run, message: `the simulation itself failed: ${(error as Error).stack}` });
  }
}
