import {
  JoinWindows,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  TimeWindows,
  type Topology,
  type Windowed,
} from 'headrace';
import { describe, expect, it } from 'vitest';
import { partitionFor } from '../../src/log/partitioner.ts';
import type { NewRecord } from '../../src/log/record.ts';
import type { IdleTick } from '../../src/runtime/idle-tick.ts';
import { text } from '../text-serde.ts';
import { byKey, FAULTS, recordsOf, TickingApplication } from './ticking-application.ts';

const serdes = { key: text, value: text };
const OUTPUTS = ['tumbling', 'suppressed', 'sessions', 'sliding', 'joined', 'late'];
const PARTITIONS = 2;
const TICKS = 'app-in0-idle-ticks';
const SEEDS = 30;

const flat = ({ key, window }: Windowed<string>, value: string | number): [string, string] => [
  `${key}@${window.start}`,
  `${value}`,
];

/** Each operator that waits for time, over as many merged sources as wanted; the first two are joined as well. */
function topology(sources: number): Topology {
  const builder = new StreamsBuilder();
  const [first, ...others] = Array.from({ length: sources }, (_, i) => builder.stream(`in${i}`, serdes));
  const grouped = others.reduce((all, each) => all.merge(each), first!).groupByKey();
  const closing = { emit: 'onWindowClose' } as const;
  const joinedText = {
    initializer: () => '',
    aggregator: (_key: string, value: string, all: string) => all + value,
    value: text,
  };
  const tumbling = grouped.windowedBy(TimeWindows.of({ sizeMs: 200, graceMs: 50 }));
  tumbling
    .aggregate({ name: 'tumbling', ...joinedText, ...closing, late: (late) => late.to('late') })
    .toStream()
    .map(flat)
    .to('tumbling', serdes);
  tumbling
    .count({ name: 'updates' })
    .suppress({ name: 'suppressed', kind: 'windowCloses' })
    .toStream()
    .map(flat)
    .to('suppressed', serdes);
  grouped
    .windowedBy(SessionWindows.of({ gapMs: 100, graceMs: 20 }))
    .count({ name: 'sessions', ...closing })
    .toStream()
    .map(flat)
    .to('sessions', serdes);
  grouped
    .windowedBy(SlidingWindows.of({ timeDifferenceMs: 150, graceMs: 400 }))
    .aggregate({ name: 'sliding', ...joinedText, ...closing })
    .toStream()
    .map(flat)
    .to('sliding', serdes);
  if (others.length > 0) {
    const windows = JoinWindows.of({ timeDifferenceMs: 120, graceMs: 30 });
    first!.outerJoin(others[0]!, (one, two) => `${one}-${two}`, { name: 'join', windows }).to('joined', serdes);
  }
  return builder.build();
}

/** Whether the last tick of a partition lies behind all of its records: what comes now comes after it in a replay as well. */
async function isTicked(app: TickingApplication, sources: readonly string[], partition: number): Promise<boolean> {
  if (!(await app.log.topics()).some(({ name }) => name === TICKS)) return false;
  const last = (await recordsOf(app.log, TICKS)).filter((each) => each.partition === partition).at(-1);
  if (last === undefined) return false;
  const { positions } = JSON.parse(Buffer.from(last.value!).toString()) as IdleTick;
  for (const topic of sources) {
    if ((await app.log.watermarks(topic))[partition]!.end !== positions[topic]) return false;
  }
  return true;
}

/**
 * Bursts and silences. What comes in several topics must come in the order of time to be merged again in the order in which
 * it came; only a tick lets older records follow. Within a topic, and within a burst, records come in any order.
 */
async function live(seed: number, sources: readonly string[]): Promise<TickingApplication> {
  const members = seed % 3 === 0 ? ['one', 'two'] : ['one'];
  const app = new TickingApplication({
    seed,
    topology: topology(sources.length),
    topics: [...sources, ...OUTPUTS],
    partitions: PARTITIONS,
    members,
    faults: FAULTS,
  });
  const { random } = app;
  await app.open();
  const [least, greatest] = [Array(PARTITIONS).fill(1_000), Array(PARTITIONS).fill(1_000)] as [number[], number[]];
  let number = 0;
  for (let burst = 0; burst < 14; burst++) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const ticked = sources.length === 1 || (await isTicked(app, sources, partition));
      least[partition] = ticked ? Math.max(0, greatest[partition]! - 600) : greatest[partition]! + 1;
    }
    const records: NewRecord[] = [];
    for (let i = random.below(9); i >= 0; i--) {
      const key = Buffer.from(`k${random.below(7)}`);
      const partition = partitionFor(key, PARTITIONS);
      const timestamp = least[partition]! + random.below(random.pick([10, 300, 1_500]));
      records.push({ topic: random.pick(sources), partition, timestamp, key, value: Buffer.from(`,${number++}`) });
    }
    await app.log.append(records);
    for (const { partition, timestamp } of records) greatest[partition] = Math.max(greatest[partition]!, timestamp);
    await app.sleep(random.pick([0, 1, 30, 320, 360, 420, 500, 700, 1_200, 2_500]));
    if (random.below(4) === 0) await app.crash();
  }
  await app.idle();
  await app.sleep(12_000);
  await app.stop();
  return app;
}

async function replay(seed: number, sources: readonly string[], records: readonly NewRecord[]) {
  const app = new TickingApplication({
    seed,
    topology: topology(sources.length),
    topics: [...sources, ...OUTPUTS, TICKS],
    partitions: PARTITIONS,
    members: seed % 2 === 0 ? ['three', 'four'] : ['three'],
    faults: FAULTS,
    pollRecordsMax: [1, 3, 20, 10_000][seed % 4]!,
  });
  await app.open(records);
  for (let crashes = app.random.below(4); crashes > 0; crashes--) {
    await app.sleep(app.random.pick([0, 1, 5, 40, 300]));
    await app.crash();
  }
  await app.idle();
  await app.sleep(3_000);
  await app.stop();
  return app;
}

async function outputsOf(app: TickingApplication) {
  const outputs: Record<string, ReturnType<typeof byKey>> = {};
  for (const topic of OUTPUTS) outputs[topic] = byKey(await recordsOf(app.log, topic));
  return outputs;
}

describe('idle ticks under faults from a seed', () => {
  it('are replayed to the very same results, and lose and double nothing', { timeout: 60_000 }, async () => {
    let [ticks, aborts, crashes, lates] = [0, 0, 0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const sources = Array.from({ length: 1 + (seed % 3) }, (_, i) => `in${i}`);
      const first = await live(seed, sources);
      const expected = await outputsOf(first);
      const written = await recordsOf(first.log, TICKS);
      const input = (await Promise.all(sources.map((topic) => recordsOf(first.log, topic)))).flat();
      // Each record is in exactly one window, or late.
      const numbers = [...Object.values(expected.tumbling!), ...Object.values(expected.late!)].flat();
      const seen = numbers
        .flatMap((each) => each.split(' ')[0]!.split(',').slice(1))
        .map(Number)
        .sort((a, b) => a - b);
      expect(seen, `seed ${seed}`).toEqual(Array.from(input, (_, i) => i));
      for (const values of Object.values(expected.tumbling!)) expect(values, `seed ${seed}`).toHaveLength(1);
      const again = await replay(seed + 10_000, sources, [...input, ...written]);
      expect(await outputsOf(again), `seed ${seed}`).toEqual(expected);
      expect(await recordsOf(again.log, TICKS), `seed ${seed}`).toEqual(written);
      ticks += written.length;
      aborts += first.aborts + again.aborts;
      crashes += first.crashes + again.crashes;
      lates += Object.values(expected.late!).flat().length;
    }
    expect(Math.min(ticks, aborts, crashes, lates)).toBeGreaterThan(SEEDS);
  });
});
