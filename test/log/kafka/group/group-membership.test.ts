import { expect, it } from 'vitest';
import { drain, record, topic } from '../../../conformance/log/log-under-test.ts';
import { openKafka } from '../../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';
import { gated } from '../gated-connections.ts';

const quick = { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' };

kafkaSuite('a coordinator that dies between a join and its sync', { count: 3, properties: quick }, (brokers) => {
  it('has told nobody of the new member: the next one takes it all the same', async () => {
    const settings = { instance: 'same', sessionTimeoutMs: 10_000 };
    const before = await openKafka(brokers(), settings);
    await before.log.createTopics([topic('in', { partitions: 2 })]);
    await before.log.append([record('in', 'k', '1'), record('in', 'k', '2', { partition: 1 })]);
    const membership = { group: 'g', member: 'm', topicSets: [['in']] };
    await drain(await before.log.join(membership));
    // As a kill leaves it: the name stays in the group, and nobody beats for it.
    await before.log.close();

    // A second member makes the coordinator wait for the first one, so that its next join is no mere return.
    const other = await openKafka(brokers());
    const waiting = await other.log.join({ ...membership, member: 'other' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const syncs = gated('SyncGroup');
    syncs.close();
    const after = await openKafka(brokers(), { ...settings, connect: syncs.connect });
    const member = await after.log.join(membership);
    const polled = drain(member);
    const coordinator = await syncs.isReached;
    const index = brokers().processes.findIndex(({ plan }) => plan.port === coordinator.port);
    await brokers().kill(index);
    syncs.open();

    const others = drain(waiting);
    expect((await polled).partitions).toHaveLength(1);
    expect((await others).partitions).toHaveLength(1);
    await brokers().restart(index);
    await after.dispose();
    await other.log.close();
  }, 90_000);
});
