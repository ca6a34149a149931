import { expect, test } from 'vitest';
import { HeadraceError } from '../../../src/errors.ts';
import type { RecordBatch } from '../../../src/log/record-batch.ts';
import type { SinkStep } from '../../../src/runtime/sink/sink-options.ts';
import { readSinkState } from '../../../src/runtime/sink/sink-state.ts';
import type { Cut, PreparedRows } from '../../../src/runtime/sink/sink-target.ts';
import type { MemoryTarget } from './memory-target.ts';
import { expected, setUp } from './sink-under-test.ts';

/** What was prepared of a cut, as offsets of partitions. */
class Prepared implements PreparedRows {
  readonly records: string[] = [];

  add(batch: RecordBatch): void {
    for (let i = 0; i < batch.length; i++) this.records.push(`${batch.topic}-${batch.partition}-${batch.offsetAt(i)}`);
  }
}

const recordsOf = (cut: Cut) =>
  cut.ranges.flatMap(({ topic, partition, from, to }) =>
    Array.from({ length: to - from }, (_, i) => `${topic}-${partition}-${from + i}`),
  );

/** Makes a target prepare; the sum of what is prepared and not written is what the sink holds. */
function preparing(target: MemoryTarget, before: (cut: Cut) => Promise<void> = async () => {}) {
  const made: Prepared[] = [];
  const seen = { made, heldMax: 0, written: 0 };
  const write = target.write.bind(target);
  return Object.assign(seen, {
    target: Object.assign(target, {
      prepare: () => {
        const prepared = new Prepared();
        made.push(prepared);
        return prepared;
      },
      write: async (cut: Cut, batches: readonly RecordBatch[], prepared?: PreparedRows) => {
        await before(cut);
        if (prepared instanceof Prepared) expect([...prepared.records].sort()).toEqual(recordsOf(cut).sort());
        const prepareds = made.reduce((sum, each) => sum + each.records.length, 0);
        seen.heldMax = Math.max(seen.heldMax, prepareds - seen.written);
        const result = await write(cut, batches);
        seen.written += recordsOf(cut).length;
        return result;
      },
    }),
  });
}

test('while a cut is written the next one is polled and prepared, and its intent comes with the offsets', async () => {
  const { target, worker, append, time, log } = await setUp();
  const held: number[] = [];
  const seen = preparing(target, async (cut) => {
    await new Promise<void>((resolve) => time.startTimer(300, resolve));
    // One intent at a time: what is durable is the cut that is being written.
    expect(readSinkState(log.state('memory')).intent?.number).toBe(cut.number);
    held.push(seen.made.at(-1)!.records.length);
  });
  await append(1_000);
  const steps: SinkStep[] = [];
  const sink = worker({ batchRecordsMax: 100, onStep: (step) => steps.push(step) });
  const running = sink.run();
  await sink.drain();
  sink.stop();
  await running;
  expect([...target.values].sort()).toEqual(expected(1_000));
  expect(target.breaches).toEqual([]);
  // The next cut was whole when the one before it had been written, but for the last.
  expect(held.filter((records) => records >= 100).length).toBeGreaterThanOrEqual(sink.metrics.cuts - 2);
  const between = Array.from({ length: sink.metrics.cuts - 1 }, () => ['cut', 'offsets', 'intent', 'settle', 'insert']);
  expect(steps).toEqual(['cut', 'intent', 'settle', 'insert', ...between.flat(), 'offsets']);
});

test('no poll holds up the commit of a cut that is written', async () => {
  const { target, worker, append, time } = await setUp();
  let writtenAt = 0;
  preparing(target, async () => {
    // In the midst of a pause, or of a poll that finds nothing, whichever it is.
    await new Promise<void>((resolve) => time.startTimer(297, resolve));
    writtenAt = time.now();
  });
  await append(10);
  const waited: number[] = [];
  const sink = worker({ onStep: (step) => step === 'insert' && waited.push(time.now() - writtenAt) });
  const running = sink.run();
  await sink.drain();
  sink.stop();
  await running;
  expect([...target.values].sort()).toEqual(expected(10));
  expect(Math.max(...waited)).toBeLessThanOrEqual(1);
});

test('a target that is away for an hour: the log takes everything, two cuts are in memory, and all is there afterwards', async () => {
  const { target, worker, append, time } = await setUp();
  const back = time.now() + 3_600_000;
  let tries = 0;
  const seen = preparing(target, async () => {
    tries++;
    if (time.now() < back) throw new HeadraceError('CLICKHOUSE_FAILED', 'away', { retriable: true });
  });
  const waiting = new Set<string | undefined>();
  const sink = worker({
    batchRecordsMax: 50,
    onProgress: ({ lastErrorCode }) => waiting.add(lastErrorCode),
  });
  const running = sink.run();
  let appended = 0;
  while (time.now() < back) {
    await append(10);
    appended += 10;
    await new Promise<void>((resolve) => time.startTimer(10_000, resolve));
  }
  const { lag, lastErrorCode, rows } = sink.metrics;
  expect({ lag, lastErrorCode, rows }).toEqual({ lag: appended, lastErrorCode: 'CLICKHOUSE_FAILED', rows: 0 });
  const held = seen.made.reduce((sum, each) => sum + each.records.length, 0);
  expect(held).toBeLessThanOrEqual(2 * (50 + 10));
  await sink.drain();
  sink.stop();
  await running;
  expect(appended).toBeGreaterThan(3_000);
  expect([...target.values].sort()).toEqual(expected(appended));
  expect(target.breaches).toEqual([]);
  expect(seen.heldMax).toBeLessThanOrEqual(2 * (50 + 10));
  // Pauses of ten seconds at most: it goes on soon, and does not hammer.
  expect(tries).toBeGreaterThan(350);
  expect(tries).toBeLessThan(500);
  expect([...waiting]).toEqual(['CLICKHOUSE_FAILED', undefined]);
});

test('a sink that is fenced while it writes resumes that cut, and brings nothing twice', async () => {
  const { target, worker, append, time, log } = await setUp();
  let fenced = 0;
  preparing(target, async (cut) => {
    await new Promise<void>((resolve) => time.startTimer(200, resolve));
    if (cut.number % 3 !== 0 || fenced >= 5) return;
    fenced++;
    // Another of its name has come and gone.
    const other = await log.join({ group: 'memory', member: 'memory', topicSets: [['a'], ['b']], isExclusive: true });
    await other.leave();
  });
  await append(1_000);
  const sink = worker({ batchRecordsMax: 100 });
  const running = sink.run();
  await sink.drain();
  sink.stop();
  await running;
  expect(fenced).toBeGreaterThan(0);
  expect([...target.values].sort()).toEqual(expected(1_000));
  expect(target.breaches).toEqual([]);
});
