import { afterEach, beforeEach, expect, it } from 'vitest';
import { drain, type LogUnderTest, readAll, record, topic, withoutOffsets } from '../conformance/log/log-under-test.ts';
import { openKafka } from './kafka-under-test.ts';
import { missingTools } from './provision.ts';
import { kafkaSuite } from './suite.ts';

it('where nothing is installed it says what to install', () => {
  expect(missingTools({ PATH: '' })).toMatch(/install a JDK 17/);
});

kafkaSuite('three brokers of Kafka 3.9', { onlyInCi: true, count: 3, release: '3.9' }, (brokers) => {
  let under: LogUnderTest;
  beforeEach(async () => {
    under = await openKafka(brokers());
    await under.log.createTopics([topic('in', { partitions: 3 }), topic('out', { partitions: 3 })]);
  });
  afterEach(() => under.dispose());

  it('take and keep everything while one is killed and comes back', { timeout: 150_000 }, async () => {
    const member = await under.log.join({ group: 'g', member: 'm', topicSets: [['in']] });
    let { epoch } = await drain(member);
    const expected: string[][] = [[], [], []];
    let number = 0;
    const step = async () => {
      const partition = number % 3;
      const value = `${number++}`;
      expected[partition]!.push(`k=${value}`);
      await under.log.append([record('in', 'k', value, { partition })]);
      // A commit is refused whole or done whole; what was refused is done again.
      for (let isCommitted = false; !isCommitted; ) {
        try {
          const entries = [['k', Buffer.from(value)] as const];
          await member.commit({
            epoch,
            records: [],
            offsets: [],
            stateChanges: [{ store: 's', partition: 0, entries }],
          });
          isCommitted = true;
        } catch (error) {
          expect((error as { code?: unknown }).code).toMatch(/COMMIT_REFUSED|MEMBER_FENCED/);
          const drained = await drain(member);
          if (drained.epoch >= 0) epoch = drained.epoch;
        }
      }
    };
    // Each of the three leads one of the partitions.
    for (let i = 0; i < 6; i++) await step();
    await brokers().kill(0);
    for (let i = 0; i < 6; i++) await step();
    await brokers().restart(0);
    for (let i = 0; i < 6; i++) await step();
    for (const partition of [0, 1, 2]) {
      expect(withoutOffsets(await readAll(under.log, 'in', partition))).toEqual(expected[partition]);
    }
    expect(String(under.log.state('g').partition('s', 0).get('k'))).toBe(String(Buffer.from(`${number - 1}`)));
  });

  it('who only reads finds the new leaders of what a killed one led', { timeout: 150_000 }, async () => {
    // Not a name of the test before: what was deleted a moment ago a broker that came back may still tell of.
    await under.log.createTopics([topic('read', { partitions: 3 })]);
    for (const partition of [0, 1, 2]) await under.log.append([record('read', 'k', `${partition}`, { partition })]);
    const before = await under.log.watermarks('read');
    await brokers().kill(1);
    try {
      expect(await under.log.watermarks('read')).toEqual(before);
      for (const partition of [0, 1, 2]) {
        expect(withoutOffsets(await readAll(under.log, 'read', partition))).toEqual([`k=${partition}`]);
      }
    } finally {
      await brokers().restart(1);
    }
  });
});
