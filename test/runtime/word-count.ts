import { StreamsBuilder, type Topology } from 'headrace';
import { afterEach, beforeEach } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { WorkerOptions } from '../../src/runtime/worker.ts';
import { openLog, readText, temporaryDirectory, topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';
import { startWorker } from './running-worker.ts';

const serdes = { key: text, value: text };

/** Words counted through a repartition topic; the word "boom" fails. */
function wordCount(): Topology {
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

/** Before each test a log with its topics, gone after it; what runs it there, and the newest counts. */
export function wordCounting() {
  let directory: ReturnType<typeof temporaryDirectory>;
  let log: EmbeddedLog;
  beforeEach(async () => {
    directory = temporaryDirectory();
    log = openLog(directory.path);
    await log.createTopics([topicConfig('words', 3), topicConfig('counts', 2)]);
  });
  afterEach(async () => {
    await log.close();
    directory.remove();
  });
  return {
    log: () => log,
    /** Closes the log and opens what lies on the disk. */
    reopen: async (): Promise<EmbeddedLog> => {
      await log.close();
      log = openLog(directory.path);
      return log;
    },
    start: (options: Partial<WorkerOptions> = {}) =>
      startWorker({
        ...{ log, topology: wordCount(), application: 'app', clock: Date.now, commitIntervalMs: 10 },
        ...options,
      }),
    newest: async (): Promise<Record<string, string | null>> => Object.fromEntries(await readText(log, 'counts')),
  };
}
