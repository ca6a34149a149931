import { HeadraceError, StreamsBuilder, stringSerde, TimeWindows } from 'headrace';
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
    ['c', null],
  ]);
  const running = worker.run();
  await worker.idle();
  const { tasks, ...figures } = worker.figures();
  expect(figures).toMatchObject({ tasksCreated: 2, tasksClosed: 0, aborts: 0 });
  expect(figures.counters.processed).toBe(5);
  expect(figures.commits).toBeGreaterThan(0);
  expect(figures.polls).toBeGreaterThan(0);
  expect(tasks.map(({ taskId }) => taskId)).toEqual(['0_0', '0_1']);
  expect(tasks.reduce((sum, { processed }) => sum + processed, 0)).toBe(5);
  expect(tasks.map(({ dropped }) => dropped['counts-aggregate']).filter((count) => count !== undefined)).toEqual([1]);
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

it('figures of operators tell what was let through and what came too late, also after an abort', async () => {
  const builder = new StreamsBuilder();
  const grouped = builder.stream('words', { key: stringSerde, value: stringSerde }).groupByKey();
  const windowed = grouped.windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }));
  windowed.count({ name: 'closed', emit: 'onWindowClose' });
  windowed.count({ name: 'updated' }).suppress({ name: 'final', kind: 'windowCloses' });
  let seals = 0;
  const worker = new Worker({
    log,
    topology: builder.build(),
    application: 'app',
    clock: Date.now,
    commitIntervalMs: 5,
    // The second commit is refused: its records are processed twice, and counted twice.
    onStep: (step) => {
      if (step === 'seal' && ++seals === 2) throw new HeadraceError('COMMIT_REFUSED', 'planted');
    },
    sleep: () => Promise.resolve(),
  });
  const running = worker.run();
  for (const timestamp of [1, 25, 2]) {
    await appendText(log, 'words', [['a', 'a']], timestamp);
    await worker.idle();
  }
  const [task] = worker.figures().tasks.filter(({ processed }) => processed > 0);
  expect(worker.figures().aborts).toBe(1);
  expect(task).toMatchObject({
    suppressionEmits: { 'final-suppress': 2 },
    emitFinalRecords: { 'closed-aggregate': 2 },
    dropped: { 'closed-aggregate': 1, 'updated-aggregate': 1 },
  });
  worker.stop();
  await running;
});
