import { afterEach, beforeEach, expect, it } from 'vitest';
import { serveState } from '../../../../src/app/http/serve-state.ts';
import { HttpStateExchange } from '../../../../src/app/http/state-exchange.ts';
import type { KafkaLogOptions } from '../../../../src/log/kafka/kafka-log-options.ts';
import type { CommittedState, GroupStores, Member } from '../../../../src/log/log.ts';
import { drain, type LogUnderTest, topic } from '../../../conformance/log/log-under-test.ts';
import { openKafka } from '../../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';

const PARTITIONS = 4;
const stores: GroupStores = { group: 'g', changelogs: [{ source: 'in', stores: ['s', 't'] }] };
const membership = { group: 'g', topicSets: [['in']], changelogs: stores.changelogs! };
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value).toString());

/** A process of the application: a log, and a server where the others ask. */
interface Instance {
  readonly under: LogUnderTest;
  member?: Member;
  epoch: number;
  partitions: readonly number[];
  stopServing(): Promise<void>;
  close(): Promise<void>;
}

kafkaSuite('state over several processes', { onlyInCi: true }, (brokers) => {
  let instances: Instance[] = [];

  const open = async (serves = true, settings: Partial<KafkaLogOptions> = {}): Promise<Instance> => {
    const exchange = new HttpStateExchange({ token: `token-${instances.length}` });
    const under = await openKafka(brokers(), { exchange, ...settings });
    const answer = (question: Uint8Array) => under.log.answerState!(question);
    const server = serves ? await serveState({ exchange, answer, host: '127.0.0.1' }) : undefined;
    const stopServing = async () => server?.close();
    const close = async () => {
      await stopServing();
      await under.dispose();
    };
    const instance: Instance = { under, epoch: -1, partitions: [], stopServing, close };
    instances.push(instance);
    return instance;
  };
  const join = async (instance: Instance, member = 'm') => {
    instance.member = await instance.under.log.join({ ...membership, member });
  };
  /** Polls until the partitions are shared by so many. */
  const share = async (among: readonly Instance[]) => {
    for (;;) {
      for (const each of among) {
        const { epoch, partitions } = await drain(each.member!);
        if (epoch < 0) continue;
        each.epoch = epoch;
        each.partitions = partitions.map((place) => Number(/-(\d+)@/.exec(place)![1]));
      }
      const all = among.flatMap(({ partitions }) => partitions);
      if (
        new Set(all).size === PARTITIONS &&
        all.length === PARTITIONS &&
        among.every((each) => each.partitions.length > 0)
      )
        return;
    }
  };
  const commit = (instance: Instance, partition: number, entries: readonly (readonly [string, string])[]) =>
    instance.member!.commit({
      epoch: instance.epoch,
      records: [],
      offsets: [],
      stateChanges: ['s', 't'].map((store) => ({
        store,
        partition,
        entries: entries.map(([key, value]) => [key, Buffer.from(value)] as const),
      })),
    });
  const fill = async (among: readonly Instance[]) => {
    for (const each of among)
      for (const p of each.partitions)
        await commit(each, p, [
          [`k${p}`, `v${p}`],
          ['all', `${p}`],
        ]);
  };
  const rows = (state: CommittedState) =>
    Array.from({ length: PARTITIONS }, (_, partition) =>
      [...state.partition('s', partition).range()].map(([key, value]) => `${partition} ${key}=${text(value)}`),
    ).flat();
  const everything = Array.from({ length: PARTITIONS }, (_, p) => [`${p} all=${p}`, `${p} k${p}=v${p}`]).flat();
  const read = <T>({ under }: Instance, reader: (state: CommittedState) => T) => under.log.readState(stores, reader);

  beforeEach(async () => {
    instances = [];
    await (await open()).under.log.createTopics([topic('in', { partitions: PARTITIONS })]);
  });
  afterEach(async () => {
    for (const each of instances) await each.under.log.close();
    for (const each of instances) await each.close();
  });

  it('is read by each of them, and by one that is no member; when all have left, too', {
    timeout: 60_000,
  }, async () => {
    const [a, b] = [instances[0]!, await open()];
    for (const each of [a, b]) await join(each);
    await share([a, b]);
    await fill([a, b]);
    const stranger = await open(false);
    for (const each of [a, b, stranger]) expect(await read(each, rows)).toEqual(everything);
    expect(text(await read(a, (state) => state.partition('t', b.partitions[0]!).get('all')))).toBe(
      `${b.partitions[0]}`,
    );
    for (const each of [a, b]) await each.member!.leave();
    for (const each of [a, b, await open(false)]) expect(await read(each, rows)).toEqual(everything);
  });

  it('is read of one commit in each partition, while its owner commits without a pause', {
    timeout: 60_000,
  }, async () => {
    const [a, b] = [instances[0]!, await open()];
    for (const each of [a, b]) await join(each);
    await share([a, b]);
    const partition = b.partitions[0]!;
    const keys = Array.from({ length: 2_000 }, (_, i) => `${i}`.padStart(5, '0'));
    let isWriting = true;
    let commits = 0;
    const writing = (async () => {
      while (isWriting) {
        const value = `${++commits}`.padStart(100, '0');
        await commit(
          b,
          partition,
          keys.map((key) => [key, value] as const),
        );
      }
    })();
    const seen: number[] = [];
    while (seen.length < 20) {
      const values = await read(a, (state) => {
        // Which key comes next is known from the one before, over two stores.
        const first = text(state.partition('s', partition).get('00000'));
        const rest = [...state.partition(first === undefined ? 's' : 't', partition).range()].map(([, value]) =>
          text(value),
        );
        return [first, ...rest];
      });
      expect(new Set(values).size).toBe(1);
      seen.push(Number(values[0]));
    }
    isWriting = false;
    await writing;
    expect(seen).toEqual([...seen].sort((left, right) => left - right));
    expect(new Set(seen).size).toBeGreaterThan(2);
  });

  it('whose owner died is waited for until another one has it', { timeout: 60_000 }, async () => {
    const [a, b] = [instances[0]!, await open()];
    for (const each of [a, b]) await join(each);
    await share([a, b]);
    await fill([a, b]);
    await b.under.log.close();
    // Its session ends after six seconds, and nobody is told less than everything until then.
    expect(await read(a, rows)).toEqual(everything);
  });

  it('is not what a member remembers that was thrown out and does not know it', { timeout: 60_000 }, async () => {
    // Without heartbeats its session ends, and nothing tells it: a process that was stopped and has just gone on.
    const [a, b] = [instances[0]!, await open(true, { heartbeatIntervalMs: 3_600_000 })];
    await join(a);
    await share([a]);
    await join(b);
    await share([a, b]);
    await fill([a, b]);
    const partition = b.partitions[0]!;
    await share([a]);
    await commit(a, partition, [['all', 'new']]);
    expect(text(b.under.log.state('g').partition('s', partition).get('all'))).toBe(`${partition}`);
    expect(text(await read(b, (state) => state.partition('s', partition).get('all')))).toBe('new');
  });

  it('whose owner is down and not given up yet is told of, and found when others have it', {
    timeout: 60_000,
  }, async () => {
    const [a, b] = [instances[0]!, await open(true, { sessionTimeoutMs: 40_000 })];
    for (const each of [a, b]) await join(each);
    await share([a, b]);
    await fill([a, b]);
    await b.stopServing();
    await b.under.log.close();
    const reading = read(a, rows);
    await expect(reading).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', retriable: true });
    await expect(reading).rejects.toThrow(/state of group g that hangs on in .*m owns it: .*ECONNREFUSED/);
    await b.under.sessionsEnd!();
    expect(await read(a, rows)).toEqual(everything);
  });

  it.runIf(process.env.CI !== undefined)(
    'whose owner serves no questions can not be read, and it says whose',
    { timeout: 60_000 },
    async () => {
      const [a, b] = [instances[0]!, await open(false)];
      for (const each of [a, b]) await join(each);
      await share([a, b]);
      await fill([a, b]);
      const reading = read(a, rows);
      await expect(reading).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', where: { topic: 'in' } });
      await expect(reading).rejects.toThrow(`${b.under.log.instance}.m owns it and serves no questions`);
      const own = a.partitions[0]!;
      expect(text(await read(a, (state) => state.partition('s', own).get(`k${own}`)))).toBe(`v${own}`);
    },
  );
});
