import { describe, expect, it } from 'vitest';
import { connectToBrokers } from '../../../../src/log/kafka/client/connection.ts';
import { Cluster } from '../../../../src/log/kafka/cluster/cluster.ts';
import { Again, retried } from '../../../../src/log/kafka/cluster/retries.ts';
import {
  decodeConsumerSubscription,
  encodeConsumerSubscription,
} from '../../../../src/log/kafka/protocol/consumer-protocol.ts';
import { errorName } from '../../../../src/log/kafka/protocol/errors.ts';
import { describeGroups } from '../../../../src/log/kafka/protocol/requests/describe-groups.ts';
import { joinGroup } from '../../../../src/log/kafka/protocol/requests/join-group.ts';
import { leaveGroup } from '../../../../src/log/kafka/protocol/requests/leave-group.ts';
import { syncGroup } from '../../../../src/log/kafka/protocol/requests/sync-group.ts';
import { timing } from '../../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';

const SESSION_MS = 6_000;
/** In the consumer protocol's own form: brokers look into it. */
const subscriptionOf = (text: string) => encodeConsumerSubscription({ topics: ['t'], userData: Buffer.from(text) });

for (const release of ['4.1', '3.9'] as const) {
  // What routing rests on: see "State of partitions that others own" in docs/KAFKA.md.
  kafkaSuite(`a group as its coordinator on Kafka ${release} describes it`, { release }, (brokers) => {
    it('has what a static member said last, also where it came back without a rebalance', {
      timeout: 60_000,
    }, async () => {
      const cluster = new Cluster({
        bootstrap: brokers().addresses,
        connect: connectToBrokers({ clientId: 'described' }),
        ...timing,
      });
      const until = Date.now() + 20_000;
      const node = await retried(() => cluster.coordinator('group', 'g'), { ...timing, until, what: 'to coordinate' });
      const describeIt = async () => {
        const group = await retried(
          async () => {
            const [found] = await cluster.send(node, 'main', describeGroups(['g']));
            return found!.errorCode === 0 ? found! : new Again(errorName(found!.errorCode));
          },
          { ...timing, until, what: 'to describe the group' },
        );
        return {
          state: group.state,
          members: group.members.map(({ memberId, metadata, assignment }) => [
            memberId,
            metadata.length === 0 ? '' : `${decodeConsumerSubscription(metadata).userData}`,
            `${assignment}`,
          ]),
        };
      };
      const join = (memberId: string, metadata: string) =>
        cluster.send(
          node,
          'group g',
          joinGroup({
            group: 'g',
            sessionTimeoutMs: SESSION_MS,
            rebalanceTimeoutMs: SESSION_MS,
            memberId,
            instanceId: 'a',
            protocolType: 'consumer',
            protocols: [{ name: 'headrace', metadata: subscriptionOf(metadata) }],
          }),
        );
      const sync = ({ generation, memberId }: { generation: number; memberId: string }, assignment: string | null) =>
        cluster.send(
          node,
          'group g',
          syncGroup({
            group: 'g',
            generation,
            memberId,
            instanceId: 'a',
            assignments: assignment === null ? [] : [{ memberId, assignment: Buffer.from(assignment) }],
          }),
        );

      expect(await describeIt()).toEqual({ state: 'Dead', members: [] });
      const first = await retried(
        async () => {
          const joined = await join('', 'port 1');
          return joined.errorCode === 0 ? joined : new Again(errorName(joined.errorCode));
        },
        { ...timing, until, what: 'to join' },
      );
      expect(await describeIt()).toMatchObject({ state: 'CompletingRebalance', members: [[first.memberId, '', '']] });
      await sync(first, 'partition 0');
      expect(await describeIt()).toEqual({ state: 'Stable', members: [[first.memberId, 'port 1', 'partition 0']] });

      // The process died and its successor joins under the same name, on another port.
      const second = await join('', 'port 2');
      expect([second.errorCode, second.generation]).toEqual([0, first.generation]);
      expect(second.memberId).not.toBe(first.memberId);
      const synced = await sync(second, null);
      expect(synced.assignment.toString()).toBe('partition 0');
      expect(await describeIt()).toEqual({ state: 'Stable', members: [[second.memberId, 'port 2', 'partition 0']] });

      await cluster.send(
        node,
        'main',
        leaveGroup({ group: 'g', members: [{ memberId: second.memberId, instanceId: 'a' }] }),
      );
      expect(await describeIt()).toEqual({ state: 'Empty', members: [] });
      await cluster.close();
    });
  });
}

describe('DescribeGroups', () => {
  it('is read field by field, as the definition in Apache Kafka has it', async () => {
    const answer = Buffer.from(
      [
        '00000007', // throttle time
        '00000001', // one group
        '0000 0001 67 0006 537461626c65 0008 636f6e73756d6572 0008 6865616472616365', // error, g, Stable, consumer, headrace
        '00000002', // two members
        '0002 6d31 0001 61 0001 63 0001 68 00000001 01 00000002 0203', // m1, instance a, client c, host h, metadata, assignment
        '0002 6d32 ffff 0001 63 0001 68 00000000 00000000', // m2, no instance
        '80000000', // rights, not asked for
      ]
        .join('')
        .replaceAll(' ', ''),
      'hex',
    );
    const { response } = describeGroups(['g']);
    const decoded = await response.parse(await response.decode(answer));
    expect(decoded).toEqual([
      {
        errorCode: 0,
        group: 'g',
        state: 'Stable',
        members: [
          { memberId: 'm1', instanceId: 'a', metadata: Buffer.from([1]), assignment: Buffer.from([2, 3]) },
          { memberId: 'm2', instanceId: null, metadata: Buffer.alloc(0), assignment: Buffer.alloc(0) },
        ],
      },
    ]);
  });
});
