import { keyValueStore, StreamsBuilder, type Topology } from 'headrace';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, HeadraceError } from '../../src/errors.ts';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../src/log/simulated/virtual-time.ts';
import { type SeededRandom, seededRandom } from '../../src/random.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { appendText, readText, topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';
import { startWorker } from './running-worker.ts';

const serdes = { key: text, value: text };
const PARTITIONS = 3;
const SEEDS = 40;
const FAULTS = { refuseCommit: 0.15, unknownCommit: 0.15, fenceMember: 0.1, delayCommit: 0.3 };

/** Everything that could go wrong in one: a repartition, an aggregate, a store of its own, records that fail halfway. */
function topology(): Topology {
  const builder = new StreamsBuilder();
  const numbered = builder.stream('in', serdes).process({
    name: 'number',
    stores: { seen: keyValueStore({ name: 'seen', key: text, value: text }) },
    key: text,
    value: text,
    processor: (context) => (key, value) => {
      const count = Number(context.stores.seen.get(key!) ?? '0') + 1;
      context.stores.seen.put(key!, String(count));
      context.forward(key, `${value}#${count}`);
      if (value === 'boom') throw new RangeError('planted');
    },
  });
  numbered.to('numbered');
  numbered
    .groupBy((_key, value) => value.slice(0, 1), { name: 'by-letter', key: text, value: text })
    .reduce({ name: 'joined', reducer: (all, value) => `${all.slice(-40)},${value}` })
    .toStream()
    .to('joined');
  return builder.build();
}

const records = (random: SeededRandom) =>
  Array.from(
    { length: 90 },
    () => [`k${random.below(6)}`, random.below(12) === 0 ? 'boom' : random.pick(['ant', 'bee', 'cat'])] as const,
  );

type KeyValues = readonly (readonly [string | null, string | null])[];

/** The values of each key in order: the order between keys is nobody's promise. */
function byKey(read: KeyValues): Record<string, readonly (string | null)[]> {
  const values: Record<string, (string | null)[]> = {};
  for (const [key, value] of read) {
    values[String(key)] ??= [];
    values[String(key)]!.push(value);
  }
  return values;
}

async function runWithFaults(seed: number, input: KeyValues) {
  const random = seededRandom(seed);
  const time = new VirtualTime();
  let log = new SimulatedLog({ random: () => random.next(), time, faults: FAULTS });
  await log.createTopics([
    topicConfig('in', PARTITIONS),
    topicConfig('numbered', PARTITIONS),
    topicConfig('joined', PARTITIONS),
  ]);
  let [aborts, crashes] = [0, 0];
  const start = (member: string) => {
    const onFault = () => {
      aborts++;
    };
    const worker = new Worker({
      log,
      topology: topology(),
      application: 'app',
      member,
      clock: () => time.now(),
      commitIntervalMs: 5,
      onFault,
      sleep: async () => {},
    });
    return { worker, running: worker.run().catch((error: { code: string }) => expect(error.code).toBe('LOG_CLOSED')) };
  };
  let workers = [start('one'), start('two')];
  const endAll = async () => {
    for (const { worker } of workers) worker.stop();
    await Promise.all(workers.map(({ running }) => running));
  };
  for (let at = 0; at < input.length; ) {
    const next = at + 1 + random.below(12);
    await appendText(log, 'in', input.slice(at, next));
    at = next;
    if (random.below(3) === 0) await workers[0]!.worker.idle();
    if (random.below(5) > 0) continue;
    crashes++;
    log.crash();
    await endAll();
    log = log.reopen();
    workers = [start('one'), start('three')];
  }
  // The last records may hop through the repartition topic between two workers: both must have come to rest, twice.
  for (let round = 0; round < 3; round++) await Promise.all(workers.map(({ worker }) => worker.idle()));
  await endAll();
  const last = start('last');
  await last.worker.idle();
  last.worker.stop();
  await last.running;
  const out = {
    numbered: byKey(await readText(log, 'numbered')),
    letters: byKey(await readText(log, 'in.dlq')),
    joined: await readText(log, 'joined'),
  };
  return { out, aborts, crashes };
}

/** What must come out, worked out without the engine: a record that fails leaves nothing but its dead letter. */
function expectedOf(input: KeyValues) {
  const counts = new Map<string | null, number>();
  const [numbered, letters]: [[string | null, string | null][], [string | null, string | null][]] = [[], []];
  const updates: Record<string, number> = {};
  for (const [key, value] of input) {
    if (value === 'boom') {
      letters.push([key, value]);
      continue;
    }
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    numbered.push([key, `${value}#${count}`]);
    updates[value![0]!] = (updates[value![0]!] ?? 0) + 1;
  }
  return { numbered: byKey(numbered), letters: byKey(letters), updates };
}

describe('Worker under faults from a seed', () => {
  it('writes what it writes without faults, exactly once and in order per key', { timeout: 120_000 }, async () => {
    let [aborts, crashes] = [0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const input = records(seededRandom(seed * 1_000));
      const expected = expectedOf(input);
      const faulty = await runWithFaults(seed, input);
      expect(faulty.out.numbered, `seed ${seed}`).toEqual(expected.numbered);
      expect(faulty.out.letters, `seed ${seed}`).toEqual(expected.letters);
      // Between partitions the order in the repartition topic is free; the number of updates of each letter is not.
      const updates = Object.fromEntries(
        Object.entries(byKey(faulty.out.joined)).map(([letter, values]) => [letter, values.length]),
      );
      expect(updates, `seed ${seed}`).toEqual(expected.updates);
      aborts += faulty.aborts;
      crashes += faulty.crashes;
    }
    expect(aborts).toBeGreaterThan(SEEDS);
    expect(crashes).toBeGreaterThan(SEEDS);
  });
});

it('brokers that are away as a worker begins are waited for, and what else is wrong then ends it', async () => {
  const time = new VirtualTime();
  const log = new SimulatedLog({ random: () => 0.5, time });
  await log.createTopics([topicConfig('in', PARTITIONS), topicConfig('numbered', 1), topicConfig('joined', 1)]);
  await appendText(log, 'in', [['k', 'ant']]);
  const codes: ErrorCode[] = [];
  const startOn = (away: readonly ErrorCode[]) => {
    const left = [...away];
    const loadGroupState = async () => {
      const code = left.shift();
      if (code !== undefined) throw new HeadraceError(code, 'away');
    };
    // As on Kafka the state of the group is brought first.
    const remote = new Proxy(log, {
      get(target, name) {
        const value = name === 'loadGroupState' ? loadGroupState : Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return startWorker({
      log: remote,
      topology: topology(),
      application: 'app',
      clock: () => time.now(),
      sleep: async () => {},
      onFault: ({ code }) => codes.push(code),
    });
  };
  await startOn(['KAFKA_UNAVAILABLE', 'KAFKA_UNAVAILABLE']).finish();
  expect(codes).toEqual(['KAFKA_UNAVAILABLE', 'KAFKA_UNAVAILABLE']);
  expect(await readText(log, 'numbered')).toEqual([['k', 'ant#1']]);
  await expect(startOn(['KAFKA_REFUSED']).running).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
});
