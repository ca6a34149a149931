import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { HeadraceError } from '../../src/errors.ts';
import { StreamsBuilder, stringSerde, type Topology } from '../../src/index.ts';
import type { Log } from '../../src/log/log.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { type LogUnderTest, topic } from '../conformance/log/log-under-test.ts';
import { openKafka } from '../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { until } from './kafka-ledger.ts';

const PARTITIONS = 4;
const KEYS = 20;
const GROUPS = 3;
/** Records a second of each source. */
const RATE = process.env.CI === undefined ? 200 : 2_000;
/** How long it runs between two restarts. */
const STAY_MS = process.env.CI === undefined ? 700 : 5_000;

const serdes = { key: stringSerde, value: stringSerde };
const counting = (name: string) => ({
  name,
  value: stringSerde,
  initializer: () => '0',
  aggregator: (_key: string, _value: string, count: string) => String(Number(count) + 1),
});
const groupOf = (key: string) => `group-${Number(key.slice('key-'.length)) % GROUPS}`;

/** Counts the records of each key; each output says which version wrote it. */
function countsOf(version: string, builder = new StreamsBuilder(), store = 'counts'): StreamsBuilder {
  builder
    .stream('in', serdes)
    .groupByKey()
    .aggregate<string>(counting(store))
    .toStream()
    .mapValues((count) => `${count} ${version}`)
    .to('counts-out', serdes);
  return builder;
}

const first = (): Topology => countsOf('first').build();

/** A stateless step more; and over a repartition topic a store of its own, from a source that nobody read before. */
function second(): Topology {
  const builder = new StreamsBuilder();
  const stream = builder.stream('in', serdes).filter(() => true);
  stream
    .groupByKey()
    .aggregate<string>(counting('counts'))
    .toStream()
    .mapValues((count) => `${count} second`)
    .to('counts-out', serdes);
  builder
    .stream('more', serdes)
    .groupBy((key) => groupOf(key!), { name: 'by-group', ...serdes })
    .aggregate<string>(counting('groups'))
    .toStream()
    .mapValues((count) => `${count} second`)
    .to('groups-out', serdes);
  return builder.build();
}

/** Reads a further source into the same store: what the first version reads alone hangs together with another topic now. */
function joined(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream('in', serdes)
    .merge(builder.stream('more', serdes))
    .groupByKey()
    .aggregate<string>(counting('counts'))
    .toStream()
    .mapValues((count) => `${count} joined`)
    .to('counts-out', serdes);
  return builder.build();
}

/** The store has another name: what was counted would be lost. */
const renamed = (): Topology => countsOf('renamed', new StreamsBuilder(), 'counts-of-keys').build();

/** An instance of the application: a data directory, and a worker while it runs. */
class Instance {
  readonly under: LogUnderTest;
  readonly faults: string[] = [];
  #worker: Worker | undefined;
  #running: Promise<void> | undefined;
  failure: HeadraceError | undefined;

  constructor(under: LogUnderTest) {
    this.under = under;
  }

  start(topology: Topology, allowTopologyChange = false): void {
    this.failure = undefined;
    this.#worker = new Worker({
      log: this.under.log,
      topology,
      application: 'app',
      clock: Date.now,
      allowTopologyChange,
      onFault: ({ code }) => this.faults.push(code),
    });
    this.#running = this.#worker.run().catch((error: HeadraceError) => {
      this.failure = error;
    });
  }

  async stop(): Promise<void> {
    this.#worker?.stop();
    await this.#running;
  }

  /** In good order, as a process that is stopped and started with another release. */
  async restart(topology: Topology): Promise<void> {
    await this.stop();
    await this.under.reopen();
    this.start(topology);
  }

  partitions(source: string): number {
    return this.#worker?.partitionsOf(source).length ?? 0;
  }

  idle(): Promise<void> {
    return this.#worker!.idle();
  }
}

kafkaSuite('a rolling restart of a changed topology', {}, (brokers) => {
  const opened: LogUnderTest[] = [];
  const told: string[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.dispose();
    told.length = 0;
  });

  const openLog = async (): Promise<LogUnderTest> => {
    const under = await openKafka(brokers(), { onFault: ({ code, message }) => told.push(`${code} ${message}`) });
    opened.push(under);
    return under;
  };

  /** Two instances of the first version under load. */
  async function setUp(topology = first()) {
    const { log } = await openLog();
    await log.createTopics(
      ['in', 'more', 'counts-out', 'groups-out'].map((name) => topic(name, { partitions: PARTITIONS })),
    );
    const instances = [new Instance(await openLog()), new Instance(await openLog())] as const;
    for (const each of instances) each.start(topology);
    const share = async () => instances.every((each) => each.partitions('in') === PARTITIONS / 2);
    await until(share, 'both have their share');
    const sent = { in: 0, more: 0 };
    const stop = new AbortController();
    const feeding = feed(log, sent, stop.signal);
    return {
      log,
      instances,
      sent,
      share,
      outputs: async (name: string) => (await outputsOf(log, name)).length,
      async endFeed() {
        stop.abort();
        await feeding;
        for (const each of instances) await each.idle();
      },
      async end() {
        stop.abort();
        await feeding;
        for (const each of instances) await each.stop();
      },
    };
  }

  it('that adds a step, a source and a store goes on counting, and the new store is right from then on', async () => {
    const roll = await setUp();
    const [one, other] = roll.instances;
    await sleep(STAY_MS);
    for (const each of [one, other]) {
      await each.restart(second());
      await until(roll.share, 'both have their share again');
      await sleep(STAY_MS);
    }
    await roll.endFeed();
    for (const each of [one, other]) expect(each.failure).toBeUndefined();
    await expectCounted(roll.log, 'counts-out', roll.sent.in, KEYS);
    await until(async () => (await roll.outputs('groups-out')) >= roll.sent.more, 'the new store has counted all');
    await expectCounted(roll.log, 'groups-out', roll.sent.more, GROUPS);
    const versions = (await outputsOf(roll.log, 'counts-out')).map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set(['first', 'second']));
    expect(told.filter((text) => text.startsWith('TOPOLOGY_CHANGED'))).not.toEqual([]);
    expect(told.join()).toContain('run different topologies');
    await roll.end();
  }, 60_000);

  it('that joins another topic to a source: each version works where it can, and none stops', async () => {
    const roll = await setUp();
    const [one, other] = roll.instances;
    await sleep(STAY_MS);
    await one.restart(joined());
    // Who reads both topics has all of both; the other one has nothing and waits.
    await until(async () => one.partitions('more') === PARTITIONS && other.partitions('in') === 0, 'one has all');
    const before = await roll.outputs('counts-out');
    await until(async () => (await roll.outputs('counts-out')) > before, 'it goes on');
    expect([one.failure, other.failure]).toEqual([undefined, undefined]);
    expect(told.join()).toContain('waits: other members of group app join in, more');
    // And back, for the roll is given up: the one that waited has everything again.
    await one.stop();
    await until(async () => other.partitions('in') === PARTITIONS, 'the first version has all again');
    await one.under.reopen();
    one.start(joined());
    await until(async () => one.partitions('in') === PARTITIONS, 'one has all again');
    await other.restart(joined());
    await until(roll.share, 'both have their share again');
    await roll.endFeed();
    await expectCounted(roll.log, 'counts-out', roll.sent.in + roll.sent.more, KEYS);
    await roll.end();
  }, 60_000);

  describe('that would lose state', () => {
    it('is refused, and the version before it goes on as if nothing had been', async () => {
      const roll = await setUp();
      const [one, other] = roll.instances;
      await until(async () => (await roll.outputs('counts-out')) > 0, 'the first version has written its plan');
      await one.stop();
      await until(async () => other.partitions('in') === PARTITIONS, 'the other has all');
      const faults = other.faults.length;
      await one.under.reopen();
      one.start(renamed());
      await until(async () => one.failure !== undefined, 'it is refused');
      expect(one.failure).toMatchObject({ code: 'TOPOLOGY_CHANGED', message: expect.stringContaining('counts') });
      const before = await roll.outputs('counts-out');
      await until(async () => (await roll.outputs('counts-out')) > before, 'the other goes on');
      expect(other.faults.length).toBe(faults);
      await one.under.reopen();
      one.start(first());
      await until(roll.share, 'both have their share again');
      await roll.endFeed();
      await expectCounted(roll.log, 'counts-out', roll.sent.in, KEYS);
      await roll.end();
    }, 60_000);

    it('works beside it where that is allowed', async () => {
      const roll = await setUp();
      const [one, other] = roll.instances;
      await until(async () => (await roll.outputs('counts-out')) > 0, 'the first version has written its plan');
      await one.stop();
      await one.under.reopen();
      one.start(renamed(), true);
      await until(roll.share, 'both have their share');
      const renamedOutputs = async () =>
        (await outputsOf(roll.log, 'counts-out')).filter(({ version }) => version === 'renamed').length;
      await until(async () => (await renamedOutputs()) > 0, 'it counts');
      await roll.endFeed();
      expect([one.failure, other.failure]).toEqual([undefined, undefined]);
      const outputs = await outputsOf(roll.log, 'counts-out');
      expect(outputs).toHaveLength(roll.sent.in);
      await roll.end();
    }, 60_000);
  });
});

/** Records of both sources at a steady rate; counts what was acknowledged. */
async function feed(log: Log, sent: { in: number; more: number }, signal: AbortSignal): Promise<void> {
  const startedAt = Date.now();
  let made = 0;
  while (!signal.aborted) {
    const due = Math.floor(((Date.now() - startedAt) * RATE) / 1_000) - made;
    const keys = Array.from({ length: due }, (_, i) => Buffer.from(`key-${(made + i) % KEYS}`));
    const records = (name: string) =>
      keys.map((key) => ({
        topic: name,
        partition: partitionFor(key, PARTITIONS),
        timestamp: Date.now(),
        key,
        value: Buffer.from('x'),
      }));
    if (due > 0) await log.append([...records('in'), ...records('more')]);
    made += due;
    sent.in += due;
    sent.more += due;
    await sleep(20);
  }
}

interface Output {
  readonly key: string;
  readonly count: number;
  readonly version: string;
}

async function outputsOf(log: Log, name: string): Promise<readonly Output[]> {
  const outputs: Output[] = [];
  for (const { partition, start, end } of await log.watermarks(name)) {
    for (let offset = start; offset < end; ) {
      const batch = await log.read(name, partition, offset);
      if (batch === null) break;
      for (let i = 0; i < batch.length; i++) {
        const [count, version] = Buffer.from(batch.valueAt(i)!).toString().split(' ');
        outputs.push({ key: Buffer.from(batch.keyAt(i)!).toString(), count: Number(count), version: version! });
        offset = batch.offsetAt(i) + 1;
      }
    }
  }
  return outputs;
}

/** Every record has one output, and those of a key count 1, 2, 3 ... in order. */
async function expectCounted(log: Log, name: string, records: number, keys: number): Promise<void> {
  const outputs = await outputsOf(log, name);
  const counts = new Map<string, number>();
  const faults = outputs.flatMap(({ key, count, version }) => {
    const expected = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === expected ? [] : [`${key}: ${count} (${version}) where ${expected} was to come`];
  });
  expect(faults).toEqual([]);
  expect(outputs).toHaveLength(records);
  expect(counts.size).toBe(keys);
}
