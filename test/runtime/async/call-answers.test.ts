import { setTimeout as sleep } from 'node:timers/promises';
import { type AsyncCall, type CallAsyncOptions, HeadraceError, StreamsBuilder } from 'headrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import type { WorkerOptions } from '../../../src/runtime/worker-options.ts';
import { appendText, openLog, readText, temporaryDirectory, topicConfig } from '../../embedded-log.ts';
import { text } from '../../text-serde.ts';
import { startWorker } from '../running-worker.ts';

const serdes = { key: text, value: text };

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;
beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path, { appendLingerMs: 0 });
  await log.createTopics([topicConfig('in', 1), topicConfig('out', 1), topicConfig('table', 1)]);
});
afterEach(async () => {
  await log.close();
  directory.remove();
});

interface Waiting {
  readonly value: string;
  readonly signal: AbortSignal;
  readonly answer: () => void;
}

/** A worker whose callee answers when the test says so; where records come through is noted with the time. */
function working(options: Partial<CallAsyncOptions<string, string, string>> = {}, worker: Partial<WorkerOptions> = {}) {
  const waiting: Waiting[] = [];
  const through: (readonly [value: string, at: number])[] = [];
  const builder = new StreamsBuilder();
  builder
    .stream('in', serdes)
    .callAsync<string>({
      name: 'ask',
      result: text,
      timeoutMs: 60_000,
      call: ({ value, signal }: AsyncCall<string, string>) =>
        new Promise((resolve) => waiting.push({ value, signal, answer: () => resolve(value) })),
      ...options,
    })
    .peek((_key, value) => void through.push([value, performance.now()]))
    // A second source, which may have records while the first one waits.
    .leftJoin(builder.table('table', { ...serdes, name: 'table' }), (value) => value)
    .to('out', serdes);
  const topology = builder.build();
  return {
    ...startWorker({ log, topology, application: 'app', clock: Date.now, ...worker }),
    waiting,
    through,
    async untilWaiting(count: number) {
      while (waiting.length < count) await sleep(1);
    },
  };
}

describe('a worker whose records wait for calls', () => {
  it('processes an answer within milliseconds, though its poll would wait much longer', async () => {
    const course = working({}, { commitIntervalMs: 20 });
    const waits: number[] = [];
    for (let i = 0; i < 15; i++) {
      await appendText(log, 'in', [['k', `${i}`]]);
      await course.untilWaiting(i + 1);
      await sleep(30 + 3 * i);
      const answeredAt = performance.now();
      course.waiting[i]!.answer();
      while (course.through.length <= i) await sleep(0);
      waits.push(course.through[i]![1] - answeredAt);
    }
    await course.finish();
    expect(waits.toSorted((left, right) => left - right)[7]).toBeLessThan(5);
    expect(await readText(log, 'out')).toHaveLength(15);
  });

  it('does not go round busily while nothing is answered', async () => {
    const course = working();
    await appendText(log, 'in', [['k', 'v']]);
    await course.untilWaiting(1);
    await appendText(log, 'table', [['k', 'later']], 5);
    await sleep(50);
    const before = course.worker.figures().polls;
    await sleep(500);
    expect(course.worker.figures().polls - before).toBeLessThan(20);
    course.waiting[0]!.answer();
    await course.finish();
  });

  it('is idle when all is answered, not before, and tells its lag meanwhile', async () => {
    const course = working({ maxInFlight: 2 });
    await appendText(log, 'in', [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]);
    await course.untilWaiting(2);
    let isIdle = false;
    const idle = course.worker.idle().then(() => {
      isIdle = true;
    });
    await sleep(100);
    expect(isIdle).toBe(false);
    expect(course.worker.metrics()).toMatchObject({ lag: 3, calls: { inFlight: 2, attempts: 2, retries: 0 } });
    expect(course.worker.metrics().calls.oldestMs).toBeGreaterThan(50);
    // Answered in another order than asked; the results are in the order of the partition.
    course.waiting[1]!.answer();
    await course.untilWaiting(3);
    course.waiting[2]!.answer();
    await sleep(50);
    expect(course.through).toEqual([]);
    course.waiting[0]!.answer();
    await idle;
    expect(await readText(log, 'out')).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]);
    expect(course.worker.metrics()).toMatchObject({ lag: 0, calls: { inFlight: 0, oldestMs: 0, attempts: 3 } });
    await course.finish();
  });

  it('stops without waiting for calls: it gives them up, and the next one makes them again', async () => {
    const first = working();
    await appendText(log, 'in', [
      ['a', '1'],
      ['b', '2'],
    ]);
    await first.untilWaiting(2);
    first.waiting[0]!.answer();
    await sleep(20);
    const stoppedAt = performance.now();
    first.worker.stop();
    await first.running;
    expect(performance.now() - stoppedAt).toBeLessThan(1_000);
    expect(first.waiting.map(({ signal }) => signal.aborted)).toEqual([false, true]);
    expect(await readText(log, 'out')).toEqual([['a', '1']]);
    first.waiting[1]!.answer();
    const second = working();
    await second.untilWaiting(1);
    expect(second.waiting.map(({ value }) => value)).toEqual(['2']);
    second.waiting[0]!.answer();
    await second.finish();
    expect(await readText(log, 'out')).toHaveLength(2);
  });

  it('does not fetch what it could not ask about for long, and tells of it as lag', async () => {
    const course = working({ maxInFlight: 4 });
    const COUNT = 30_000;
    for (let at = 0; at < COUNT; at += 10_000) {
      const records = Array.from({ length: 10_000 }, (_, i) => [`k${at + i}`, `${at + i}`] as const);
      await appendText(log, 'in', records);
    }
    while (course.worker.metrics().processed < COUNT) await sleep(10);
    await sleep(300);
    const requests = course.worker.figures().tasks.find(({ calls }) => calls.ask !== undefined);
    expect(requests).toMatchObject({ lag: COUNT, calls: { ask: { inFlight: 4 } } });
    // One poll, and what was there when it came.
    expect(requests!.buffered).toBeLessThan(12_000);
    let answered = 0;
    while (course.through.length < 1_000) {
      while (answered < course.waiting.length) course.waiting[answered++]!.answer();
      await sleep(0);
    }
    course.worker.stop();
    await course.running;
    const out = (await readText(log, 'out')).map(([, value]) => Number(value));
    expect(out).toEqual(Array.from(out, (_, i) => i));
    expect(out.length).toBeGreaterThanOrEqual(1_000);
  });

  it('ends with the error of a record that is to end it, and does not lose what the poll has brought', async () => {
    const course = working(
      { retry: { attemptsMax: 1 }, call: async () => Promise.reject(new RangeError('closed')) },
      { errorHandlers: { processing: () => 'fail' } },
    );
    await appendText(log, 'in', [['a', '1']]);
    await expect(course.running).rejects.toMatchObject({ code: 'CALL_FAILED', where: { operator: 'ask' } });
  });

  it("an error of Headrace that befell the callee is the record's, and not taken for the log's", async () => {
    const course = working({
      retry: { attemptsMax: 1 },
      call: async () => Promise.reject(new HeadraceError('LOG_BACKPRESSURE', 'another log', { retriable: true })),
    });
    await appendText(log, 'in', [['a', '1']]);
    await course.finish();
    expect(await readText(log, 'app-ask-requests-repartition.dlq')).toEqual([['a', '1']]);
    expect(course.worker.metrics()).toMatchObject({ aborts: 0, deadLetters: 1, calls: { failures: 1 } });
  });
});
