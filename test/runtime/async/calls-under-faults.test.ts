import { StreamsBuilder } from 'headrace';
import { describe, expect, it } from 'vitest';
import { SimulatedLog } from '../../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../../src/log/simulated/virtual-time.ts';
import { type SeededRandom, seededRandom } from '../../../src/random.ts';
import { Worker } from '../../../src/runtime/worker.ts';
import { appendText, readText, topicConfig } from '../../embedded-log.ts';
import { text } from '../../text-serde.ts';
import { byKey, type CalleeFaults, SimulatedCallee } from './simulated-callee.ts';

const PARTITIONS = 3;
const SEEDS = 25;
const RECORDS = 70;
const FAULTS = { refuseCommit: 0.12, unknownCommit: 0.12, fenceMember: 0.1, delayCommit: 0.3 };

interface Course {
  readonly callee: CalleeFaults;
  readonly attemptsMax: number;
}

/** Every record has a number, over all keys, so that the values of each key grow. */
async function courseOf(random: SeededRandom, { callee: faults, attemptsMax }: Course) {
  const time = new VirtualTime();
  const callee = new SimulatedCallee(random, time.startTimer, faults);
  let log = new SimulatedLog({ random: () => random.next(), time, faults: FAULTS });
  await log.createTopics([
    topicConfig('in', PARTITIONS),
    topicConfig('out', PARTITIONS),
    topicConfig('seen', 1),
    topicConfig('names', PARTITIONS),
  ]);
  let [aborts, crashes] = [0, 0];
  const topology = () => {
    const builder = new StreamsBuilder();
    const answers = builder.stream('in', { key: text, value: text }).callAsync({
      name: 'pay',
      call: callee.call,
      result: text,
      maxInFlight: 4,
      timeoutMs: 30,
      retry: { attemptsMax, backOffMinMs: 2, backOffMaxMs: 20 },
      onFailure: (_error, value) => `${value} failed`,
    });
    // The task has a second source, which its records wait for.
    const names = builder.table('names', { key: text, value: text, name: 'names' });
    answers.leftJoin(names, (answer) => answer).to('out', { key: text, value: text });
    // A second sub-topology, and state behind the calls.
    answers
      .selectKey((_key, value) => value.split(' ')[1]!)
      .groupByKey({ name: 'by-outcome', key: text, value: text })
      .aggregate({
        name: 'outcomes',
        initializer: () => '0',
        aggregator: (_key, _value, n) => `${Number(n) + 1}`,
        value: text,
      })
      .toStream()
      .to('seen');
    return builder.build();
  };
  const start = (member: string) => {
    const worker = new Worker({
      log,
      topology: topology(),
      application: 'app',
      member,
      clock: time.now,
      startTimer: time.startTimer,
      commitIntervalMs: 5,
      onFault: () => void aborts++,
      sleep: async () => {},
    });
    return { worker, running: worker.run().catch((error: { code: string }) => expect(error.code).toBe('LOG_CLOSED')) };
  };
  let workers = [start('one'), start('two')];
  const end = async () => {
    for (const { worker } of workers) worker.stop();
    await Promise.all(workers.map(({ running }) => running));
  };
  const input = Array.from({ length: RECORDS }, (_, i) => [`k${random.below(8)}`, `${i}`] as const);
  for (let at = 0; at < input.length; ) {
    const next = at + 1 + random.below(12);
    await appendText(log, 'in', input.slice(at, next));
    at = next;
    if (random.below(4) === 0) await appendText(log, 'names', [[`k${random.below(8)}`, `${at}`]], 1);
    const what = random.below(4);
    if (what === 0) await workers[0]!.worker.idle();
    else await log.awaitCommit(random.below(60));
    if (random.below(3) > 0) continue;
    crashes++;
    log.crash();
    await end();
    log = log.reopen();
    workers = [start('one'), start('three')];
  }
  for (let round = 0; round < 3; round++) await Promise.all(workers.map(({ worker }) => worker.idle()));
  await end();
  const last = start('last');
  await last.worker.idle();
  last.worker.stop();
  await last.running;
  const [out, seen] = [await readText(log, 'out'), await readText(log, 'seen')];
  const newest = Object.fromEntries(seen.map(([key, value]) => [key, Number(value)]));
  return { input, callee, out, newest, aborts, crashes };
}

/** What must hold whatever the seed does. */
function check({ input, callee, out, newest }: Awaited<ReturnType<typeof courseOf>>, seed: number) {
  const expected = byKey(input.map(([key, value]) => `${key} ${value}`));
  expect(callee.violations, `seed ${seed}: one content under each key`).toEqual([]);
  expect(byKey(callee.requests.values()), `seed ${seed}: asked in order, under one key for each record`).toEqual(
    expected,
  );
  expect(byKey(out.map(([key, value]) => `${key} ${value}`)), `seed ${seed}: every result once and in order`).toEqual(
    expected,
  );
  for (const [key, values] of Object.entries(byKey(callee.effects.values()))) {
    expect(values, `seed ${seed}: ${key} done in order, nothing twice`).toEqual(
      values.toSorted((left, right) => Number(left) - Number(right)),
    );
    expect(new Set(values).size).toBe(values.length);
  }
  const outcomes = out.map(([, value]) => value!.split(' ')[1]!);
  const done = outcomes.filter((outcome) => outcome === 'done').length;
  expect(newest.done ?? 0, `seed ${seed}`).toBe(done);
  return outcomes.length - done;
}

describe('calls in workers under faults from a seed', () => {
  it('every record has its effect exactly once, where the callee comes round in the end', {
    timeout: 120_000,
  }, async () => {
    let [aborts, crashes, again] = [0, 0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const callee = { refuses: 0.15, ignores: 0.05, fallsSilent: 0.1 };
      const course = await courseOf(seededRandom(seed), { callee, attemptsMax: 1_000 });
      expect(check(course, seed), `seed ${seed}`).toBe(0);
      expect(course.callee.effects.size, `seed ${seed}: effects`).toBe(RECORDS);
      aborts += course.aborts;
      crashes += course.crashes;
      again += course.callee.asked - RECORDS;
    }
    expect(aborts).toBeGreaterThan(SEEDS);
    expect(crashes).toBeGreaterThan(SEEDS);
    expect(again).toBeGreaterThan(SEEDS * 10);
  });

  it('where it does not, failures are results too, and what is done keeps its order', {
    timeout: 120_000,
  }, async () => {
    let failed = 0;
    for (let seed = 101; seed <= 100 + SEEDS; seed++) {
      const callee = { refuses: 0.35, ignores: 0.1, fallsSilent: 0.05 };
      const course = await courseOf(seededRandom(seed), { callee, attemptsMax: 2 });
      failed += check(course, seed);
      expect(course.callee.effects.size).toBeLessThanOrEqual(RECORDS);
    }
    expect(failed).toBeGreaterThan(SEEDS);
  });
});
