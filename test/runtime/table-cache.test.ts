import { countSerde, StreamsBuilder } from 'headrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../src/log/simulated/virtual-time.ts';
import { seededRandom } from '../../src/random.ts';
import { CurrentRecord } from '../../src/runtime/current-record.ts';
import { TableCache } from '../../src/runtime/table-cache.ts';
import { Worker, type WorkerOptions } from '../../src/runtime/worker.ts';
import { appendText, openLog, readText, temporaryDirectory, topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };

describe('the cache of a table', () => {
  const filled = () => {
    const sent: unknown[] = [];
    const record = new CurrentRecord();
    const cache = new TableCache('table', record, (...update) => sent.push(update));
    record.leave(0);
    cache.beginRecord();
    cache.put('a', 'A', 1, 10, null);
    cache.put('b', 'B', 2, 20, 1);
    cache.beginRecord();
    return { cache, sent, taken: () => cache.take().map(({ key, value, before }) => [key, value, before]) };
  };

  it('takes back what a record put in, as it was before, in its old order', () => {
    const { cache, taken } = filled();
    cache.put('a', 'A', 3, 30, 1);
    cache.put('c', 'C', 4, 40, null);
    cache.put('a', 'A', null, 50, 3);
    cache.rollbackRecord();
    expect(taken()).toEqual([
      ['A', 1, null],
      ['B', 2, 1],
    ]);
  });

  it('keeps the oldest row before, and leaves out what came and went', () => {
    const { cache, taken } = filled();
    cache.put('b', 'B', 5, 30, 2);
    cache.put('a', 'A', null, 40, 1);
    expect(taken()).toEqual([['B', 5, 1]]);
    expect(cache.size).toBe(0);
  });

  it('after it was emptied nothing can be taken back into it', () => {
    const { cache, taken } = filled();
    cache.put('a', 'A', 3, 30, 1);
    expect(taken()).toHaveLength(2);
    cache.rollbackRecord();
    expect(taken()).toEqual([]);
  });
});

describe('a worker with cached tables', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let log: EmbeddedLog;

  beforeEach(async () => {
    directory = temporaryDirectory();
    log = openLog(directory.path);
    await log.createTopics([topicConfig('words', 1), topicConfig('counts', 1)]);
  });

  afterEach(async () => {
    await log.close();
    directory.remove();
  });

  /** Words counted, and the counts of each length counted: two cached tables with a repartition topic between. */
  function start(options: Partial<WorkerOptions> = {}) {
    const cached = true;
    const builder = new StreamsBuilder();
    const counts = builder
      .stream('words', serdes)
      .groupByKey({ ...serdes, name: 'by-word' })
      .count({ name: 'counts', cached })
      .mapValues(String);
    counts.toStream().to('counts', serdes);
    counts
      .groupBy((_word, count) => [`times ${count}`, count], { ...serdes, name: 'by-count' })
      .count({ name: 'of-counts', cached })
      .mapValues(String)
      .toStream()
      .to('counts', serdes);
    const topology = builder.build();
    const worker = new Worker({ log, topology, application: 'app', clock: Date.now, ...options });
    return { worker, running: worker.run() };
  }

  const words = (...all: readonly string[]) =>
    appendText(
      log,
      'words',
      all.map((word) => [word, word] as const),
    );

  it('sends what they hold when somebody waits for it to be idle, and when it stops', async () => {
    const { worker, running } = start({ commitIntervalMs: 600_000 });
    await words('a', 'b', 'a', 'a');
    await worker.idle();
    expect(await readText(log, 'counts')).toEqual([
      ['b', '1'],
      ['a', '3'],
      ['times 1', '1'],
      ['times 3', '1'],
    ]);
    await words('b', 'b');
    await expect.poll(() => worker.metrics().lag).toBe(0);
    worker.stop();
    await running;
    expect((await readText(log, 'counts')).slice(4)).toEqual([['b', '3']]);
  });

  it('one that dies before the commit has sent nothing, and after a restart everything once', async () => {
    const planted = new RangeError('planted');
    const crashing = start({
      commitIntervalMs: 10,
      onStep: (step) => {
        if (step === 'seal') throw planted;
      },
    });
    await words('a', 'b', 'a');
    await expect(crashing.running).rejects.toBe(planted);
    expect(await readText(log, 'counts')).toEqual([]);
    await log.close();
    log = openLog(directory.path);
    const { worker, running } = start({ commitIntervalMs: 600_000 });
    await worker.idle();
    worker.stop();
    await running;
    expect(await readText(log, 'counts')).toEqual([
      ['b', '1'],
      ['a', '2'],
      ['times 1', '1'],
      ['times 2', '1'],
    ]);
  });
});

/** Counts of keys, and their sum by a grouped table: it is right only if each row sent says truly what it replaces. */
function summed() {
  const cached = true;
  const builder = new StreamsBuilder();
  const input = builder.stream('in', serdes);
  const counts = input.groupByKey({ ...serdes, name: 'by-key' }).count({ name: 'counts', cached });
  counts.mapValues(String).toStream().to('counts', serdes);
  counts
    .groupBy((_key, count) => ['sum', count], { name: 'all', key: text, value: countSerde })
    .reduce({ name: 'sum', adder: (sum, count) => sum + count, subtractor: (sum, count) => sum - count, cached })
    .mapValues(String)
    .toStream()
    .to('sums', serdes);
  input.peek((_key, value) => {
    if (value === 'boom') throw new RangeError('planted');
  });
  return builder.build();
}

const SEEDS = 25;
const FAULTS = { refuseCommit: 0.2, unknownCommit: 0.15, fenceMember: 0.1, delayCommit: 0.3 };

async function sumUnderFaults(seed: number) {
  const random = seededRandom(seed);
  const time = new VirtualTime();
  let log = new SimulatedLog({ random: () => random.next(), time, faults: FAULTS });
  await log.createTopics(['in', 'counts', 'sums'].map((topic) => topicConfig(topic, 2)));
  let aborts = 0;
  const start = () => {
    const onFault = () => {
      aborts++;
    };
    const clock = () => time.now();
    const options = { log, application: 'app', clock, commitIntervalMs: 5, onFault, sleep: async () => {} };
    const worker = new Worker({ ...options, topology: summed() });
    return { worker, running: worker.run().catch((error: { code: string }) => expect(error.code).toBe('LOG_CLOSED')) };
  };
  const totals: Record<string, number> = {};
  let worked = start();
  for (let batch = 0; batch < 12; batch++) {
    const records = Array.from({ length: 1 + random.below(10) }, () => {
      return [`k${random.below(4)}`, random.below(8) === 0 ? 'boom' : 'fine'] as const;
    });
    await appendText(log, 'in', records);
    for (const [key, value] of records) if (value === 'fine') totals[key] = (totals[key] ?? 0) + 1;
    if (random.below(3) === 0) await worked.worker.idle();
    if (random.below(4) > 0) continue;
    log.crash();
    worked.worker.stop();
    await worked.running;
    log = log.reopen();
    worked = start();
  }
  await worked.worker.idle();
  worked.worker.stop();
  await worked.running;
  return { counts: await readText(log, 'counts'), sums: await readText(log, 'sums'), totals, aborts };
}

describe('cached tables under faults from a seed', () => {
  it('end at the same rows, and no row is told twice', { timeout: 60_000 }, async () => {
    let [aborts, sent, fine] = [0, 0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { counts, sums, totals, ...run } = await sumUnderFaults(seed);
      expect(Object.fromEntries(counts), `seed ${seed}`).toEqual(
        Object.fromEntries(Object.entries(totals).map(([key, count]) => [key, String(count)])),
      );
      const sum = Object.values(totals).reduce((one, other) => one + other, 0);
      expect(sums.at(-1), `seed ${seed}`).toEqual(['sum', String(sum)]);
      for (const key of Object.keys(totals)) {
        const told = counts.filter(([each]) => each === key).map(([, count]) => Number(count));
        expect(told, `seed ${seed}`).toEqual([...new Set(told)].sort((one, other) => one - other));
      }
      aborts += run.aborts;
      sent += counts.length;
      fine += sum;
    }
    expect(aborts).toBeGreaterThan(SEEDS);
    // Several updates of a key have become one.
    expect(sent).toBeLessThan(fine / 1.5);
  });
});
