import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Member } from '../../../src/log/log.ts';
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
import { gated } from './gated-connections.ts';

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

  it('go with the state of another version, which is kept, and dropped where its changelog is built anew', async () => {
    const inVersion = async (stores: readonly string[], entries?: readonly (readonly [string, Buffer | null])[]) => {
      const member = await under.log.join({
        group: 'g',
        member: 'm',
        topicSets: [['in']],
        changelogs: [{ source: 'in', stores }],
      });
      const { epoch } = await drain(member);
      const stateChanges = entries === undefined ? [] : [{ store: 'new', partition: 0, entries }];
      if (entries !== undefined) await member.commit({ epoch, records: [], offsets: [], stateChanges });
      await member.leave();
    };
    const rows = () => [...under.log.state('g').partition('new', 0).range()].map(([key]) => key);
    await inVersion(['s', 'new'], [['a', bytes('1')]]);
    // On another machine the version before reads what it does not know.
    const other = await openKafka(brokers());
    const mine = under;
    under = other;
    await inVersion(['s']);
    expect(rows()).toEqual(['a']);
    await under.log.resetGroup('g', { offsets: [], dropsState: true });
    await inVersion(['s', 'new']);
    expect(rows()).toEqual([]);
    await other.log.close();
    under = mine;
    // The mark of the reset is read by a version that does not know the store.
    await inVersion(['s']);
    expect(rows()).toEqual([]);
  });

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

/** Drains until an assignment of one partition came: the two of a group are told a moment later, and later yet on a busy machine. */
async function withShare(member: Member): Promise<Awaited<ReturnType<typeof drain>>> {
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    const drained = await drain(member);
    if (drained.partitions.length === 1) return drained;
  }
  throw new Error('The member never had one partition');
}

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
    await withShare(second);
    const { epoch, partitions } = await withShare(first);
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
    const records: string[] = [];
    while (!records.includes(`in-${partition} 0 k=${partition + 1}`)) {
      records.push(...(await drain(second)).records);
      expect(Date.now() - diedAt).toBeLessThan(25_000);
    }
    await heir.dispose();
  }, 60_000);

  it('with a transaction open and comes back under its name goes on at once', async () => {
    const patient = { instance: 'back', sessionTimeoutMs: 60_000, transactionTimeoutMs: 60_000 };
    const changelogs = [{ source: 'in', stores: ['s'] }];
    const dying = await openKafka(brokers(), {
      ...patient,
      onStep: (step) => {
        if (step === 'produce') void dying.log.close();
      },
    });
    await dying.log.createTopics([topic('in')]);
    await dying.log.append([record('in', 'k', '1')]);
    const first = await dying.log.join({ group: 'g', member: 'm', topicSets: [['in']], changelogs });
    const { epoch } = await drain(first);
    const lost = first.commit({
      epoch,
      records: [],
      offsets: [{ topic: 'in', partition: 0, offset: 1 }],
      stateChanges: [
        { store: 's', partition: 0, entries: [['k', bytes('lost')]] },
        { store: 'of the group', partition: 0, entries: [['k', bytes('lost')]] },
      ],
    });
    await expect(lost).rejects.toThrow();
    const diedAt = Date.now();
    const again = await openKafka(brokers(), patient);
    // What belongs to the group as a whole is read before the member joins.
    await again.log.loadGroupState!('g', 'm');
    expect(again.log.state('g').partition('of the group', 0).get('k')).toBeUndefined();
    const second = await again.log.join({ group: 'g', member: 'm', topicSets: [['in']], changelogs });
    expect((await drain(second)).records).toEqual(['in-0 0 k=1']);
    expect(second.state.partition('s', 0).get('k')).toBeUndefined();
    expect(Date.now() - diedAt).toBeLessThan(20_000);
    await again.dispose();
  }, 60_000);

  it('and does not come back is retired: whoever comes has everything at once, though it saw nobody die', async () => {
    // Both would be waited for.
    const patient = { sessionTimeoutMs: 60_000, transactionTimeoutMs: 60_000 };
    const dying = await openKafka(brokers(), {
      ...patient,
      onStep: (step) => {
        if (step === 'produce') void dying.log.close();
      },
    });
    const heir = await openKafka(brokers(), patient);
    const changelogs = [{ source: 'in', stores: ['s'] }];
    await heir.log.createTopics([topic('in')]);
    await heir.log.append([record('in', 'k', '1')]);
    const first = await dying.log.join({ group: 'g', member: 'm', topicSets: [['in']], changelogs });
    const { epoch } = await drain(first);
    const lost = first.commit({
      epoch,
      records: [],
      offsets: [{ topic: 'in', partition: 0, offset: 1 }],
      stateChanges: [{ store: 's', partition: 0, entries: [['k', bytes('lost')]] }],
    });
    await expect(lost).rejects.toThrow();
    const retiredAt = Date.now();
    await heir.log.retire!('g', [`${dying.log.instance}.m`, 'never.there']);
    await heir.log.retire!('no such group', [`${dying.log.instance}.m`]);
    const second = await heir.log.join({ group: 'g', member: 'm', topicSets: [['in']], changelogs });
    expect((await drain(second)).records).toEqual(['in-0 0 k=1']);
    expect(second.state.partition('s', 0).get('k')).toBeUndefined();
    expect(Date.now() - retiredAt).toBeLessThan(20_000);
    await heir.dispose();
  }, 60_000);

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

kafkaSuite('a member that is out while it restores', {}, (brokers) => {
  it('and does not know it finds state that is ahead of the offsets that it asked for: that is no mismatch', async () => {
    const gate = gated('ListOffsets', 'Heartbeat');
    const slow = await openKafka(brokers(), { sessionTimeoutMs: 1_500, connect: gate.connect });
    const quick = await openKafka(brokers(), { sessionTimeoutMs: 1_500 });
    const membership = { group: 'g', topicSets: [['in']], changelogs: [{ source: 'in', stores: ['s'] }] };
    await quick.log.createTopics([topic('in')]);
    await quick.log.append(['1', '2', '3', '4'].map((value) => record('in', 'k', value)));
    const count = async (member: Member, offset: number) => {
      const { epoch } = await drain(member);
      const stateChanges = [{ store: 's', partition: 0, entries: [['k', bytes(`${offset}`)]] as const }];
      await member.commit({ epoch, records: [], offsets: [{ topic: 'in', partition: 0, offset }], stateChanges });
    };
    const before = await quick.log.join({ ...membership, member: 'before' });
    await count(before, 2);
    await before.leave();

    gate.close();
    const out = await slow.log.join({ ...membership, member: 'slow' });
    const polled = out.poll({ maxRecords: 1, timeoutMs: 30_000 });
    // It has asked for the offsets, and is thrown out when its session is over.
    await gate.isReached;
    const after = await quick.log.join({ ...membership, member: 'after' });
    await count(after, 4);
    gate.open();
    // It learns that it is out, joins again, and waits for a partition until the other one has left.
    const leaving = new Promise((resolve) => setTimeout(resolve, 2_000)).then(() => after.leave());
    let { assignment } = await polled;
    while (assignment?.partitions.length !== 1) ({ assignment } = await out.poll({ maxRecords: 1, timeoutMs: 100 }));
    expect(assignment.partitions).toEqual([{ topic: 'in', partition: 0, offset: 4 }]);
    expect(String(out.state.partition('s', 0).get('k'))).toBe(String(bytes('4')));
    await leaving;
    await slow.dispose();
    await quick.log.close();
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
