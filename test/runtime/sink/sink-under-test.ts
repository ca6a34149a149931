import type { FaultOptions } from '../../../src/log/simulated/faults.ts';
import { SimulatedLog } from '../../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../../src/log/simulated/virtual-time.ts';
import type { SinkWorkerOptions } from '../../../src/runtime/sink/sink-options.ts';
import { SinkWorker } from '../../../src/runtime/sink/sink-worker.ts';
import { topicConfig } from '../../embedded-log.ts';
import { MemoryTarget } from './memory-target.ts';

const TOPICS = ['a', 'b'];
const PARTITIONS = 3;

/** Numbers from 0 up to 1 out of a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A sink that writes out of a simulated log into memory, in virtual time. */
export async function setUp(seed = 1, faults: FaultOptions = {}) {
  const time = new VirtualTime(1_000_000);
  const log = new SimulatedLog({ random: seeded(seed), time, faults });
  await log.createTopics(TOPICS.map((topic) => topicConfig(topic, PARTITIONS)));
  const target = new MemoryTarget(TOPICS);
  const worker = (options: Partial<SinkWorkerOptions> = {}) =>
    new SinkWorker({
      log,
      target,
      sink: 'memory',
      clock: time.now,
      sleep: (ms) => new Promise((resolve) => time.startTimer(ms, resolve)),
      ...options,
    });
  let next = 0;
  const append = async (count: number, prefix = 'v') => {
    const records = Array.from({ length: count }, () => {
      const value = Buffer.from(`${prefix}${next}`);
      return { topic: TOPICS[next % 2]!, partition: next++ % PARTITIONS, timestamp: 1, key: null, value };
    });
    await log.append(records);
  };
  return { time, log, target, worker, append };
}

/** The values of the first `count` records, sorted. */
export const expected = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`).sort();
