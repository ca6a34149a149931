import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/log/log.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../src/log/simulated/virtual-time.ts';
import { type SeededRandom, seededRandom } from '../../src/random.ts';
import { discardOf, parkedPlaceOf, replayRecord, type StoredLetter } from '../../src/runtime/replay.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { readText, topicConfig } from '../embedded-log.ts';
import { type Broken, brittleTopology, violationsIn } from './parking-model.ts';

const PARTITIONS = 3;
const SEEDS = 12;
const STEPS = 25;
const FAULTS = { refuseCommit: 0.1, unknownCommit: 0.1, fenceMember: 0.1, delayCommit: 0.2 };

async function lettersIn(log: Log): Promise<readonly StoredLetter[]> {
  const letters: StoredLetter[] = [];
  if (!(await log.topics()).some(({ name }) => name === 'in.dlq')) return letters;
  for (const { partition, end } of await log.watermarks('in.dlq')) {
    for (let offset = 0; offset < end; ) {
      const batch = (await log.read('in.dlq', partition, offset))!;
      for (let i = 0; i < batch.length; i++) {
        const [key, value] = [batch.keyAt(i), batch.valueAt(i)];
        letters.push({ key, value, timestamp: batch.timestampAt(i), headers: batch.headersAt(i) });
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
  }
  return letters;
}

const parkedIn = async (log: Log) =>
  (await lettersIn(log)).filter(({ headers }) => parkedPlaceOf(headers) !== undefined);
const sequenceOf = ({ headers }: StoredLetter) => parkedPlaceOf(headers)!.sequence;

/** Two workers that come and go on a log that fails, records that fail until they are mended, and replays at any time. */
async function courseOf(random: SeededRandom) {
  const time = new VirtualTime();
  let log = new SimulatedLog({ random: () => random.next(), time, faults: FAULTS });
  await log.createTopics([topicConfig('in', PARTITIONS), topicConfig('out', PARTITIONS)]);
  const broken: Broken = new Map();
  const arrived: (readonly [key: string, value: string])[] = [];
  const start = (member: string) => {
    const options = { log, member, topology: brittleTopology(broken), application: 'app', commitIntervalMs: 5 };
    const worker = new Worker({ ...options, clock: () => time.now(), parkKeys: true, sleep: async () => {} });
    return { worker, running: worker.run().catch((error: { code: string }) => expect(error.code).toBe('LOG_CLOSED')) };
  };
  let workers = [start('one'), start('two')];
  const end = async () => {
    for (const { worker } of workers) worker.stop();
    await Promise.all(workers.map(({ running }) => running));
  };
  const idle = async () => {
    for (let round = 0; round < 2; round++) await Promise.all(workers.map(({ worker }) => worker.idle()));
  };
  const arrival = (): NewRecord => {
    const key = `k${random.below(5)}`;
    const value = `${key}:${arrived.length}`;
    arrived.push([key, value]);
    if (random.below(4) === 0) broken.set(value, random.pick(['decoding', 'processing']));
    return {
      topic: 'in',
      partition: partitionFor(Buffer.from(key), PARTITIONS),
      timestamp: arrived.length,
      key: Buffer.from(key),
      value: Buffer.from(value),
    };
  };
  for (let step = 0; step < STEPS; step++) {
    await log.append(Array.from({ length: 1 + random.below(6) }, arrival));
    if (random.below(3) === 0) await idle();
    for (const value of [...broken.keys()]) if (random.below(3) === 0) broken.delete(value);
    const letters = random.below(2) === 0 ? await parkedIn(log) : [];
    const discard = random.below(6) === 0 ? { by: 'anna', why: 'never' } : undefined;
    const again = letters.filter(() => random.below(3) === 0).map((letter) => replayRecord(letter, discard));
    if (random.below(2) === 0) again.reverse();
    if (again.length > 0) await log.append([...again, ...again.slice(0, 2)]);
    if (random.below(4) > 0) continue;
    log.crash();
    await end();
    log = log.reopen();
    workers = [start('one'), start('three')];
  }
  broken.clear();
  await idle();
  const waiting = (await parkedIn(log)).toSorted((left, right) => sequenceOf(left) - sequenceOf(right));
  await log.append(waiting.map((letter) => replayRecord(letter)));
  await idle();
  await end();
  const out = (await readText(log, 'out')).map(([key, value]) => [key, value!] as const);
  const discarded = (await lettersIn(log)).filter(({ headers }) => discardOf(headers) !== undefined);
  return {
    arrived,
    processed: out,
    discarded: new Set(discarded.map(({ value }) => Buffer.from(value!).toString())),
    parked: waiting.length,
  };
}

describe('parked keys in workers under faults from a seed', () => {
  it('come out in the order of their arrival, each once, through crashes and replays at any time', {
    timeout: 60_000,
  }, async () => {
    let [parked, discarded] = [0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const course = await courseOf(seededRandom(seed));
      expect(violationsIn({ ...course, unparked: new Set(), isEnd: true }), `seed ${seed}`).toEqual([]);
      parked += course.parked;
      discarded += course.discarded.size;
    }
    expect(parked).toBeGreaterThan(SEEDS);
    expect(discarded).toBeGreaterThan(0);
  });
});
