import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectToBrokers } from '../../../src/log/kafka/client/connection.ts';
import type { ConnectToBroker } from '../../../src/log/kafka/cluster/broker-connection.ts';
import {
  codeOf,
  drain,
  type LogUnderTest,
  readAll,
  record,
  topic,
  withoutOffsets,
} from '../../conformance/log/log-under-test.ts';
import { openKafka } from '../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../kafka/suite.ts';

const bytes = (text: string) => Buffer.from(text);

kafkaSuite('offsets and state on Kafka', {}, (brokers) => {
  let under: LogUnderTest;
  const changelogs = [{ source: 'in', stores: ['s'] }];
  const join = () => under.log.join({ group: 'g', member: 'm', topicSets: [['in']], changelogs });
  const stateOf = () => under.log.state('g').partition('s', 0).get('k');

  beforeEach(async () => {
    under = await openKafka(brokers());
    await under.log.createTopics([topic('in')]);
    await under.log.append(['1', '2', '3', '4'].map((value) => record('in', 'k', value)));
    const member = await join();
    const { epoch } = await drain(member);
    const stateChanges = [{ store: 's', partition: 0, entries: [['k', bytes('4 records')]] as const }];
    await member.commit({ epoch, records: [], offsets: [{ topic: 'in', partition: 0, offset: 4 }], stateChanges });
    await member.leave();
  });
  afterEach(() => under.dispose());

  const withAdmin = async (action: (admin: ReturnType<Kafka['admin']>) => Promise<unknown>) => {
    const admin = new Kafka({ brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING }).admin();
    await action(admin);
    await admin.disconnect();
  };

  it('that another tool set back are refused: records would be counted twice', async () => {
    await withAdmin((admin) =>
      admin.setOffsets({ groupId: 'g', topic: 'in', partitions: [{ partition: 0, offset: '1' }] }),
    );
    expect(await codeOf(drain(await join()))).toBe('STATE_MISMATCH');
  });

  it('that the brokers forgot are refused as well', async () => {
    await withAdmin((admin) => admin.deleteGroups(['g']));
    expect(await codeOf(drain(await join()))).toBe('STATE_MISMATCH');
  });

  it('go back by a reset that keeps the state', async () => {
    await under.log.resetGroup('g', { offsets: [{ topic: 'in', partition: 0, offset: 1 }], dropsState: false });
    expect((await drain(await join())).records).toEqual(['in-0 1 k=2', 'in-0 2 k=3', 'in-0 3 k=4']);
    expect(String(stateOf())).toBe(String(bytes('4 records')));
  });

  it('go back with the state by a reset', async () => {
    await under.log.resetGroup('g', { offsets: [{ topic: 'in', partition: 0, offset: 0 }], dropsState: true });
    expect((await drain(await join())).records).toHaveLength(4);
    expect(stateOf()).toBeUndefined();
  });
});

kafkaSuite('a member that dies', {}, (brokers) => {
  it('with a transaction open is followed when its session is over: nobody waits for the transaction to be', async () => {
    const slow = { sessionTimeoutMs: 1_500, transactionTimeoutMs: 60_000 };
    const dying = await openKafka(brokers(), {
      ...slow,
      onStep: (step) => {
        // A connection that is closed in the midst of a commit leaves what a kill leaves.
        if (step === 'produce') void dying.log.close();
      },
    });
    const heir = await openKafka(brokers(), slow);
    const changelogs = [{ source: 'in', stores: ['s'] }];
    await dying.log.createTopics([topic('in', { partitions: 2 })]);
    await dying.log.append([record('in', 'k', '1'), record('in', 'k', '2', { partition: 1 })]);
    const first = await dying.log.join({ group: 'g', member: 'm', topicSets: [['in']], changelogs });
    await drain(first);
    const second = await heir.log.join({ group: 'g', member: 'm', topicSets: [['in']], changelogs });
    expect((await drain(second)).partitions).toHaveLength(1);
    const { epoch, partitions } = await drain(first);
    const partition = Number(partitions[0]!.slice('in-'.length, 'in-'.length + 1));
    const lost = first.commit({
      epoch,
      records: [],
      offsets: [{ topic: 'in', partition, offset: 1 }],
      stateChanges: [{ store: 's', partition, entries: [['k', bytes('lost')]] }],
    });
    await expect(lost).rejects.toThrow();
    const diedAt = Date.now();
    let held = 1;
    while (held < 2) {
      const { assignment } = await second.poll({ maxRecords: 10, timeoutMs: 100 });
      held = assignment?.partitions.length ?? held;
      expect(Date.now() - diedAt).toBeLessThan(20_000);
    }
    expect(second.state.partition('s', partition).get('k')).toBeUndefined();
    expect((await drain(second)).records).toContain(`in-${partition} 0 k=${partition + 1}`);
    await heir.dispose();
  });

  it('and goes on where it was, between asking for offsets and restoring the state, only finds that another member has gone on', async () => {
    const OFFSET_FETCH = 9;
    const OF_THE_GROUP = [11, 12, 14];
    let isStopped = false;
    let stopping: (() => Promise<void>) | undefined;
    const connectStopping: ConnectToBroker = async (address) => {
      const connection = await connectToBrokers({ clientId: 'stopped' })(address);
      return {
        get isOpen() {
          return connection.isOpen;
        },
        close: () => connection.close(),
        async send(message, timeoutMs) {
          const { apiKey } = message.request as { readonly apiKey: number };
          while (isStopped && OF_THE_GROUP.includes(apiKey)) await sleep(20);
          const answer = await connection.send(message, timeoutMs);
          if (apiKey !== OFFSET_FETCH || stopping === undefined) return answer;
          const stop = stopping;
          stopping = undefined;
          await stop();
          return answer;
        },
      };
    };
    const faults: string[] = [];
    const timing = { sessionTimeoutMs: 1_500 };
    const onFault = ({ message }: Error) => void faults.push(message);
    const stopped = await openKafka(brokers(), { ...timing, connect: connectStopping, onFault });
    const heir = await openKafka(brokers(), timing);
    await heir.log.createTopics([topic('in')]);
    await heir.log.append([record('in', 'k', '1')]);
    const changelogs = [{ source: 'in', stores: ['s'] }];
    const membership = { group: 'g', member: 'm', topicSets: [['in']], changelogs };
    stopping = async () => {
      isStopped = true;
      const second = await heir.log.join(membership);
      const { epoch } = await drain(second);
      const stateChanges = [{ store: 's', partition: 0, entries: [['k', bytes('1 record')]] as const }];
      await second.commit({ epoch, records: [], offsets: [{ topic: 'in', partition: 0, offset: 1 }], stateChanges });
    };
    const first = await stopped.log.join(membership);
    const until = Date.now() + 20_000;
    while (!faults.some((fault) => fault.includes('has gone on'))) {
      await first.poll({ maxRecords: 1, timeoutMs: 50 });
      expect(Date.now()).toBeLessThan(until);
    }
    isStopped = false;
    await first.leave();
    await stopped.log.close();
    await heir.dispose();
  });

  it('in all but name, for another process has its data directory, is told so and stays out', async () => {
    const before = await openKafka(brokers(), { instance: 'same', sessionTimeoutMs: 1_500 });
    const after = await openKafka(brokers(), { instance: 'same', sessionTimeoutMs: 1_500 });
    await before.log.createTopics([topic('in')]);
    const membership = { group: 'g', member: 'm', topicSets: [['in']] };
    const first = await before.log.join(membership);
    await drain(first);
    const second = await after.log.join(membership);
    const { epoch } = await drain(second);
    const polled = async () => {
      for (let polls = 0; polls < 20; polls++) await first.poll({ maxRecords: 1, timeoutMs: 100 });
    };
    expect(await codeOf(polled())).toBe('MEMBER_REPLACED');
    // Its leaving throws out nobody.
    await first.leave();
    await second.commit({ epoch, records: [], offsets: [{ topic: 'in', partition: 0, offset: 0 }], stateChanges: [] });
    await before.log.close();
    await after.dispose();
  });
});

const eager = { 'log.retention.check.interval.ms': '500', 'log.initial.task.delay.ms': '500' };

kafkaSuite('a history of 1993', { properties: eager }, (brokers) => {
  it("is all there after the brokers' retention check, which empties a topic of theirs", async () => {
    const under = await openKafka(brokers());
    const admin = new Kafka({ brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.createTopics({ topics: [{ topic: 'theirs' }] });
    await admin.disconnect();
    await under.log.createTopics([topic('ours')]);
    const timestamp = Date.UTC(1993, 6, 5);
    const values = Array.from({ length: 1_000 }, (_, i) => `${i}`);
    for (const name of ['ours', 'theirs']) {
      await under.log.append(values.map((value) => record(name, 'k', value, { timestamp })));
    }
    const startOf = async (name: string) => (await under.log.watermarks(name))[0]!.start;
    const until = Date.now() + 20_000;
    while ((await startOf('theirs')) < values.length) expect(Date.now()).toBeLessThan(until);
    expect(withoutOffsets(await readAll(under.log, 'ours'))).toEqual(values.map((value) => `k=${value}`));
    await under.dispose();
  });
});
