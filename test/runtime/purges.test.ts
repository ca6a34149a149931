import { expect, it } from 'vitest';
import { HeadraceError } from '../../src/errors.ts';
import type { GroupOffset, Log } from '../../src/log/log.ts';
import { PURGE_INTERVAL_MS, Purges } from '../../src/runtime/purges.ts';
import { appendText } from '../embedded-log.ts';
import { wordCounting } from './word-count.ts';

const INTERNAL = 'app-by-word-repartition';
const counting = wordCounting();

/** A log that is told what to purge, and answers when the test says so; the clock is the test's. */
function purging(purgeIntervalMs?: number) {
  const asked: (readonly GroupOffset[])[] = [];
  const waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  const faults: HeadraceError[] = [];
  let nowMs = 1_000;
  const repartitionTopics = [{ name: 'by-word-repartition', partitions: undefined }];
  const purges = new Purges({
    log: {
      purge: (offsets) =>
        new Promise<void>((resolve, reject) => {
          asked.push(offsets);
          waiting.push({ resolve, reject });
        }),
    },
    application: 'app',
    topology: { plan: { subTopologies: [], repartitionTopics, globalTables: [] } },
    clock: () => nowMs,
    onFault: (error) => faults.push(error),
    ...(purgeIntervalMs === undefined ? {} : { purgeIntervalMs }),
  });
  const at = (offset: number) => ({ committedOffsets: [{ topic: INTERNAL, partition: 0, offset }] });
  const answered = async (error?: unknown) => {
    const { resolve, reject } = waiting.shift()!;
    if (error === undefined) resolve();
    else reject(error);
    await new Promise((next) => setImmediate(next));
  };
  const pass = (delayMs: number) => {
    nowMs += delayMs;
  };
  return { purges, asked, faults, at, answered, pass };
}

it("purges the application's repartition topics, and no other", () => {
  const { purges, asked, pass } = purging();
  pass(PURGE_INTERVAL_MS);
  const internal = { topic: INTERNAL, partition: 1, offset: 7 };
  purges.look({
    committedOffsets: [
      { topic: 'words', partition: 0, offset: 5 },
      internal,
      { topic: INTERNAL, partition: 0, offset: 0 },
      { topic: 'by-word-repartition', partition: 0, offset: 5 },
      { topic: 'other-by-word-repartition', partition: 0, offset: 5 },
      { topic: 'app-__time-ticks', partition: 0, offset: 5 },
    ],
  });
  expect(asked).toEqual([[internal]]);
});

it('purges once in an interval, not beside another purge, and not what it has purged', async () => {
  const { purges, asked, at, answered, pass } = purging();
  pass(PURGE_INTERVAL_MS - 1);
  purges.look(at(1));
  expect(asked).toHaveLength(0);
  pass(1);
  purges.look(at(2));
  purges.look(at(3));
  pass(PURGE_INTERVAL_MS);
  purges.look(at(4));
  expect(asked).toEqual([at(2).committedOffsets]);
  await answered();
  purges.look(at(5));
  expect(asked).toEqual([at(2).committedOffsets, at(5).committedOffsets]);
  await answered();
  pass(PURGE_INTERVAL_MS);
  purges.look(at(5));
  expect(asked).toHaveLength(2);
  // A clock that was set back by an hour does not put it off by one.
  pass(-3_600_000);
  purges.look(at(6));
  expect(asked).toHaveLength(3);
});

it('tells what failed and tries again; the same is told once until a purge succeeds', async () => {
  const { purges, asked, faults, at, answered, pass } = purging(10);
  const refused = () => new HeadraceError('KAFKA_REFUSED', 'give the right to DELETE');
  for (const error of [refused(), refused(), undefined, refused(), new TypeError('planted')]) {
    pass(10);
    purges.look(at(asked.length + 1));
    await answered(error);
  }
  expect(asked.map(([each]) => each!.offset)).toEqual([1, 2, 3, 4, 5]);
  expect(faults.map(({ code }) => code)).toEqual(['KAFKA_REFUSED', 'KAFKA_REFUSED', 'PROCESSING_FAILED']);
  pass(10);
  purges.look(at(5));
  expect(asked).toHaveLength(6);
});

it('begins nothing and tells nothing once the worker has ended', async () => {
  const { purges, asked, faults, at, answered, pass } = purging(10);
  pass(10);
  purges.look(at(1));
  purges.end();
  await answered(new HeadraceError('LOG_CLOSED', 'closed'));
  pass(10);
  purges.look(at(2));
  expect(asked).toHaveLength(1);
  expect(faults).toEqual([]);
});

/** The log of the test, which keeps what is to be purged. */
function withPurge(log: Log, purge: Log['purge']): Log {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'purge') return purge;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('a worker tells what it has committed, and works on while a purge hangs', async () => {
  const asked: (readonly GroupOffset[])[] = [];
  const hanging = withPurge(counting.log(), (offsets) => {
    asked.push(offsets);
    return new Promise<void>(() => {});
  });
  const app = counting.start({ log: hanging, purgeIntervalMs: 1 });
  await appendText(counting.log(), 'words', [['k', 'ant']]);
  await expect.poll(() => asked.length).toBe(1);
  await appendText(counting.log(), 'words', [
    ['k', 'ant'],
    ['k', 'bee'],
  ]);
  await app.finish();
  expect(await counting.newest()).toEqual({ ant: '2', bee: '1' });
  expect(asked).toEqual([[{ topic: INTERNAL, partition: expect.any(Number), offset: 1 }]]);
});

it('a worker whose purges fail works on, and the next one brings them', async () => {
  const outcomes: string[] = [];
  const [asked, codes]: [GroupOffset[][], string[]] = [[], []];
  const failing = withPurge(counting.log(), async (offsets) => {
    asked.push([...offsets]);
    outcomes.push(outcomes.length === 0 ? 'failed' : 'done');
    if (outcomes.length === 1) throw new HeadraceError('KAFKA_UNAVAILABLE', 'away', { retriable: true });
  });
  const app = counting.start({ log: failing, purgeIntervalMs: 1, onFault: ({ code }) => codes.push(code) });
  await appendText(counting.log(), 'words', [['k', 'ant']]);
  await expect.poll(() => outcomes).toEqual(['failed', 'done']);
  await app.finish();
  expect(asked[1]).toEqual(asked[0]);
  expect(codes).toEqual(['KAFKA_UNAVAILABLE']);
});
