import { StreamsBuilder, type Topology } from 'headrace';
import type { Log } from '../../src/log/log.ts';
import { Worker, type WorkerOptions } from '../../src/runtime/worker.ts';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };

/** Words counted through a repartition topic; the word "boom" fails. */
export function wordCount(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream('words', serdes)
    .mapValues((word) => {
      if (word === 'boom') throw new RangeError('planted');
      return word;
    })
    .groupBy((_key, word) => word, { name: 'by-word', key: text, value: text })
    .count({ name: 'counts' })
    .mapValues((count) => String(count))
    .toStream()
    .to('counts', serdes);
  return builder.build();
}

/** A worker of it that runs, and how to end it when all is processed. */
export function startWordCount(log: Log, options: Partial<WorkerOptions> = {}) {
  const worker = new Worker({
    log,
    topology: wordCount(),
    application: 'app',
    clock: Date.now,
    commitIntervalMs: 10,
    ...options,
  });
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
