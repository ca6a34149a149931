import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Member } from '../../../../src/log/log.ts';
import { drain, type LogUnderTest, record, topic } from '../../../conformance/log/log-under-test.ts';
import { openKafka } from '../../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';

type Admin = ReturnType<Kafka['admin']>;

kafkaSuite('topics that change under a group', { onlyInCi: true }, (brokers) => {
  let under: LogUnderTest;
  let admin: Admin;
  beforeEach(async () => {
    under = await openKafka(brokers());
    admin = new Kafka({ brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING }).admin();
  });
  afterEach(async () => {
    await admin.disconnect();
    await under.dispose();
  });

  const join = (name: string) =>
    under.log.join({
      group: `group-${name}`,
      member: 'm',
      topicSets: [[name]],
      changelogs: [{ source: name, stores: ['s'] }],
    });
  const fill = async (name: string, count = 4) => {
    await under.log.createTopics([topic(name)]);
    await under.log.append(Array.from({ length: count }, (_, i) => record(name, 'k', `${i}`)));
  };
  const commitAll = async (member: Member, name: string) => {
    const { epoch } = await drain(member);
    const stateChanges = [{ store: 's', partition: 0, entries: [['k', Buffer.from('4 records')]] as const }];
    await member.commit({ epoch, records: [], offsets: [{ topic: name, partition: 0, offset: 4 }], stateChanges });
  };
  /** Polls until an error comes. */
  const failureOf = async (member: Member): Promise<unknown> => {
    try {
      for (;;) await member.poll({ maxRecords: 10, timeoutMs: 100 });
    } catch (error) {
      return error;
    }
  };
  const remake = async (name: string, records: number) => {
    await admin.deleteTopics({ topics: [name] });
    for (;;) if (!(await admin.listTopics()).includes(name)) break;
    await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: false });
    // The broker may not know it yet when it is made, at which kafkajs's own wait gives up.
    const isKnown = () =>
      admin.fetchTopicMetadata({ topics: [name] }).then(
        () => true,
        () => false,
      );
    while (!(await isKnown())) await sleep(50);
    await under.log.append(Array.from({ length: records }, (_, i) => record(name, 'k', `new ${i}`)));
  };

  it('end a running member: made again with more records than were read, deleted, given more partitions', async () => {
    const names = ['remade', 'deleted', 'widened'] as const;
    const members = await Promise.all(
      names.map(async (name) => {
        await fill(name);
        const member = await join(name);
        await commitAll(member, name);
        return member;
      }),
    );
    const failures = Promise.all(members.map(failureOf));
    await Promise.all([
      // By offsets alone, the first six records of the new topic would be left out without a word.
      remake('remade', 10),
      admin.deleteTopics({ topics: ['deleted'] }),
      admin.createPartitions({ topicPartitions: [{ topic: 'widened', count: 3 }] }),
    ]);
    expect(await failures).toMatchObject([
      { code: 'TOPIC_RECREATED', message: expect.stringContaining('headrace reset group-remade --topic remade') },
      { code: 'TOPIC_UNKNOWN', message: expect.stringContaining('deleted was deleted while group-deleted') },
      { code: 'TOPIC_MISMATCH', message: expect.stringContaining('had 1 partitions and has 3 now') },
    ]);
  }, 60_000);

  it('are refused at the next start; what the message advises helps', async () => {
    await fill('away');
    const member = await join('away');
    await commitAll(member, 'away');
    await member.leave();
    await remake('away', 10);
    const again = await join('away');
    const failure = await failureOf(again);
    expect(failure).toMatchObject({ code: 'TOPIC_RECREATED' });
    expect((failure as Error).message).toContain('headrace reset group-away --topic away --to-earliest --keep-state');
    await again.leave();
    await under.log.resetGroup('group-away', {
      offsets: [{ topic: 'away', partition: 0, offset: 0 }],
      dropsState: false,
    });
    const { records } = await drain(await join('away'));
    expect(records).toHaveLength(10);
    expect(records[0]).toContain('new 0');
  }, 60_000);

  it('a changelog that was deleted is missed: state that is gone is not taken for none', async () => {
    await fill('kept');
    const member = await join('kept');
    await commitAll(member, 'kept');
    await member.leave();
    await admin.deleteTopics({ topics: ['group-kept-kept-changelog'] });
    const again = await join('kept');
    expect(await failureOf(again)).toMatchObject({
      code: 'STATE_MISMATCH',
      message: expect.stringContaining('group-kept-kept-changelog was deleted and made again'),
    });
    await again.leave();
    await under.log.resetGroup('group-kept', {
      offsets: [{ topic: 'kept', partition: 0, offset: 0 }],
      dropsState: true,
    });
    expect((await drain(await join('kept'))).records).toHaveLength(4);
  }, 60_000);
});
