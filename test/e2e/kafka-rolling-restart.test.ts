import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Kafka, logLevel } from '../../src/log/kafka/client/index.ts';
import { type LogUnderTest, topic } from '../conformance/log/log-under-test.ts';
import { openKafka } from '../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { until } from './kafka-ledger.ts';
import {
  expectCounted,
  feed,
  first,
  GROUPS,
  Instance,
  joined,
  KEYS,
  outputsOf,
  PARTITIONS,
  renamed,
  second,
} from './rolling-application.ts';

/** How long it runs between two restarts. */
const STAY_MS = process.env.CI === undefined ? 700 : 5_000;

kafkaSuite('a rolling restart of a changed topology', { onlyInCi: true }, (brokers) => {
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
    // A test that fails closes the log under it.
    feeding.catch(() => undefined);
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
    await one.restart(second());
    await until(roll.share, 'both have their share again');
    await sleep(STAY_MS);
    // An old instance that starts again in the midst of it would lose the new store.
    await other.restart(first());
    await until(async () => other.failure !== undefined, 'the old version is refused');
    expect(other.failure).toMatchObject({ code: 'TOPOLOGY_CHANGED', message: expect.stringContaining('groups') });
    await other.restart(second());
    await until(roll.share, 'both have their share again');
    await sleep(STAY_MS);
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

  it('is idle when partitions that are on their way to it are done as well', async () => {
    const roll = await setUp();
    const [one, other] = roll.instances;
    await until(async () => (await roll.outputs('counts-out')) > 0, 'it counts');
    // What is open in a changelog keeps its next owner waiting.
    const kafka = new Kafka({ brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: 'open', idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const open = await producer.transaction();
    const messages = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, key: 'open', value: 'open' }));
    await open.send({ topic: 'app-in-changelog', messages });
    await one.stop();
    await sleep(500);
    const sent = roll.sent.in;
    const idle = other.idle().then(() => 'is idle');
    expect(await Promise.race([idle, sleep(1_000, 'waits')])).toBe('waits');
    expect(other.partitions('in')).toBe(PARTITIONS / 2);
    await open.abort();
    await producer.disconnect();
    expect(await idle).toBe('is idle');
    expect(other.partitions('in')).toBe(PARTITIONS);
    expect(await roll.outputs('counts-out')).toBeGreaterThanOrEqual(sent);
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
