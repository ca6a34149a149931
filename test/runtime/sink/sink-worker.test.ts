import { expect, test } from 'vitest';
import { HeadraceError } from '../../../src/errors.ts';
import type { SinkStep } from '../../../src/runtime/sink/sink-options.ts';
import type { SinkWorker } from '../../../src/runtime/sink/sink-worker.ts';
import { readText } from '../../embedded-log.ts';
import { expected, seeded, setUp } from './sink-under-test.ts';

test('everything comes over once, in cuts of the given size, in order per partition', async () => {
  const { log, target, worker, append } = await setUp();
  await append(1_000);
  const steps: SinkStep[] = [];
  const sink = worker({ batchRecordsMax: 100, onStep: (step) => steps.push(step) });
  const running = sink.run();
  await sink.drain();
  await append(500);
  await sink.drain();
  sink.stop();
  await running;
  expect([...target.values].sort()).toEqual(expected(1_500));
  for (const partition of [0, 1, 2, 3, 4, 5]) {
    const numbers = target.values.map((value) => Number(value.slice(1))).filter((value) => value % 6 === partition);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
  expect(target.breaches).toEqual([]);
  expect(sink.metrics).toMatchObject({ rows: 1_500, deadLetters: 0, lag: 0, lastError: undefined });
  expect(sink.metrics.cuts).toBeGreaterThanOrEqual(2);
  expect(steps.slice(0, 4)).toEqual(['cut', 'intent', 'settle', 'insert']);
  expect(steps.at(-1)).toBe('offsets');
  const offsets = await log.committedOffsets('memory');
  expect(offsets.map(({ offset }) => offset)).toEqual([250, 250, 250, 250, 250, 250]);
});

test('a few records are flushed after the interval, without a drain', async () => {
  const { target, worker, append, time } = await setUp();
  const sink = worker({ flushIntervalMs: 1_000 });
  const running = sink.run();
  const before = time.now();
  await append(3);
  while (target.values.length < 3) await new Promise((resolve) => setImmediate(resolve));
  expect(time.now() - before).toBeGreaterThanOrEqual(1_000);
  expect(time.now() - before).toBeLessThan(1_500);
  sink.stop();
  await running;
});

test('what the target cannot hold is in the dead-letter topic, once, and the rest in the target', async () => {
  const { log, target, worker, append } = await setUp();
  await append(10);
  await append(2, 'bad');
  const sink = worker();
  const running = sink.run();
  await sink.drain();
  sink.stop();
  await running;
  expect([...target.values].sort()).toEqual(expected(10));
  expect((await readText(log, 'memory.dlq')).map(([, value]) => value).sort()).toEqual(['bad10', 'bad11']);
  expect(sink.metrics).toMatchObject({ rows: 10, deadLetters: 2 });
});

test('a target that is away is tried again with growing pauses, and the error is seen meanwhile', async () => {
  const { target, worker, append, time } = await setUp();
  await append(10);
  let refusals = 6;
  const seen: (string | undefined)[] = [];
  target.fault = () =>
    refusals-- > 0 ? new HeadraceError('CLICKHOUSE_FAILED', 'away', { retriable: true }) : undefined;
  const sink = worker({ onProgress: ({ lastError }) => seen.push(lastError) });
  const before = time.now();
  const running = sink.run();
  await sink.drain();
  sink.stop();
  await running;
  expect([...target.values].sort()).toEqual(expected(10));
  expect(seen).toEqual(['away', 'away', 'away', 'away', 'away', 'away', undefined]);
  expect(time.now() - before).toBeGreaterThanOrEqual(100 + 200 + 400 + 800 + 1_600 + 3_200);
  expect(target.settled).toBe(6);
  expect(target.breaches).toEqual([]);
});

test('an error that no repetition mends ends the run and its drains; the next start sends exactly that cut', async () => {
  const { target, worker, append } = await setUp();
  await append(10);
  target.fault = () => new HeadraceError('CLICKHOUSE_FAILED', 'no such table');
  const first = worker();
  const drained = first.drain();
  await Promise.all([
    expect(first.run()).rejects.toMatchObject({ message: 'no such table' }),
    expect(drained).rejects.toMatchObject({ message: 'no such table' }),
  ]);
  await append(50);
  target.fault = () => undefined;
  const second = worker();
  const running = second.run();
  await second.drain();
  second.stop();
  await running;
  expect([...target.values].sort()).toEqual(expected(60));
  expect(JSON.parse(target.cuts.get(1) ?? '[]')).toHaveLength(6);
  expect(target.breaches).toEqual([]);
  await expect(second.drain()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
});

test('commits that are refused, unknown or fenced lose nothing, double nothing and never cut a number anew', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const { log, target, worker, append } = await setUp(seed, {
      refuseCommit: 0.2,
      unknownCommit: 0.2,
      fenceMember: 0.1,
      delayCommit: 0.3,
    });
    const random = seeded(seed * 7919);
    // The write was done, its answer was lost.
    const write = target.write.bind(target);
    target.write = async (cut, batches) => {
      const result = await write(cut, batches);
      if (random() < 0.2) throw new HeadraceError('CLICKHOUSE_FAILED', 'cut off', { retriable: true });
      return result;
    };
    const sink = worker({ batchRecordsMax: 20, flushIntervalMs: 50 });
    const running = sink.run();
    for (let i = 0; i < 10; i++) await append(30);
    await append(5, 'bad');
    await sink.drain();
    sink.stop();
    await running;
    expect([...target.values].sort(), `seed ${seed}`).toEqual(expected(300));
    expect((await readText(log, 'memory.dlq')).length, `seed ${seed}`).toBe(5);
    expect(target.breaches, `seed ${seed}`).toEqual([]);
  }
});

test('a worker that is stopped and started anew at any step goes on where it was', async () => {
  const { target, worker, append } = await setUp();
  await append(1_000);
  for (let stopAt = 1; stopAt <= 25; stopAt++) {
    let steps = 0;
    const sink: SinkWorker = worker({
      batchRecordsMax: 10,
      onStep: () => {
        if (++steps === stopAt) sink.stop();
      },
    });
    await sink.run();
  }
  const last = worker();
  const running = last.run();
  await last.drain();
  last.stop();
  await running;
  expect([...target.values].sort()).toEqual(expected(1_000));
  expect(target.breaches).toEqual([]);
});

test('a drain that waits when the sink is stopped is refused, for nothing was written', async () => {
  const { target, worker, append } = await setUp();
  const sink = worker();
  let tries = 0;
  target.fault = () => {
    if (++tries === 3) sink.stop();
    return new HeadraceError('CLICKHOUSE_FAILED', 'away', { retriable: true });
  };
  await append(100);
  const running = sink.run();
  await expect(sink.drain()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  await running;
  expect(target.values).toEqual([]);
});

test('a drain waits for what was polled while the cut before it was written, also after a poll that found nothing', async () => {
  const { target, worker, append, time, log } = await setUp();
  await append(100);
  const write = target.write.bind(target);
  // Longer than the flush interval: what is polled meanwhile is due then, and cut with the commit.
  target.write = async (cut, batches) => {
    await new Promise<void>((resolve) => time.startTimer(1_500, resolve));
    return write(cut, batches);
  };
  // As on a log whose brokers are slow: few records, then for once none, then the rest.
  let polls = 0;
  const join = log.join.bind(log);
  log.join = async (options) => {
    const member = await join(options);
    const poll = member.poll.bind(member);
    member.poll = async (asked) => {
      polls++;
      if (polls === 2) return poll({ ...asked, maxRecords: 10, shareMin: 1 });
      if (polls !== 3) return poll(asked);
      await new Promise<void>((resolve) => time.startTimer(asked.timeoutMs, resolve));
      return { batches: [] };
    };
    return member;
  };
  const sink = worker();
  const running = sink.run();
  await sink.drain();
  expect([...target.values].sort()).toEqual(expected(100));
  sink.stop();
  await running;
});
