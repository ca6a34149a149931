import { StreamsBuilder, stringSerde } from 'headrace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { appendText, openLog, temporaryDirectory, topicConfig } from '../embedded-log.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;

beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path);
  await log.createTopics([topicConfig('words', 2)]);
});

afterEach(async () => {
  await log.close();
  directory.remove();
});

it('figures of a worker tell what each task has done, and that tasks have gone', async () => {
  const builder = new StreamsBuilder();
  builder.stream('words', { key: stringSerde, value: stringSerde }).groupByKey().count({ name: 'counts' });
  const worker = new Worker({
    log,
    topology: builder.build(),
    application: 'app',
    member: 'mine',
    clock: Date.now,
    commitIntervalMs: 5,
  });
  expect(worker.figures()).toMatchObject({
    application: 'app',
    member: 'mine',
    commits: 0,
    tasksCreated: 0,
    tasks: [],
  });
  await appendText(log, 'words', [
    ['a', '1'],
    ['b', '1'],
    ['c', '1'],
    ['a', '2'],
  ]);
  const running = worker.run();
  await worker.idle();
  const { tasks, ...figures } = worker.figures();
  expect(figures).toMatchObject({ tasksCreated: 2, tasksClosed: 0, aborts: 0 });
  expect(figures.counters.processed).toBe(4);
  expect(figures.commits).toBeGreaterThan(0);
  expect(figures.polls).toBeGreaterThan(0);
  expect(tasks.map(({ taskId }) => taskId)).toEqual(['0_0', '0_1']);
  expect(tasks.reduce((sum, { processed }) => sum + processed, 0)).toBe(4);
  expect(tasks.map(({ buffered, lag, uncommittedKeys }) => [buffered, lag, uncommittedKeys.counts])).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);

  // Another member takes half of the partitions: their task has gone.
  const other = await log.join({ group: 'app', member: 'other', topicSets: [['words']] });
  await other.poll({ maxRecords: 1, timeoutMs: 0 });
  for (let tries = 0; worker.figures().tasks.length > 1 && tries < 100; tries++) await log.awaitCommit(20);
  expect(worker.figures()).toMatchObject({ tasksCreated: 2, tasksClosed: 1 });
  await other.leave();
  worker.stop();
  await running;
});
