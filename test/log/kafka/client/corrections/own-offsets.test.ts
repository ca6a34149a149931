import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { ownOffsets } from '../../../../../src/log/kafka/client/corrections/own-offsets.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { corrected, stock } from '../libraries.ts';

interface Cluster {
  committedOffsets(group: { groupId: string }): Record<string, Record<number, string>>;
}

/** The tables of two consumers of one Kafka object; an assigner is what a program can reach a consumer's cluster by. */
function tablesOf(load: LoadModule) {
  const { Kafka: Client } = load('index') as { Kafka: new (config: object) => Kafka };
  const kafka = new Client({ clientId: 'test', brokers: ['127.0.0.1:1'], logLevel: 0 });
  const clusters: Cluster[] = [];
  const assigner = ({ cluster }: { cluster: unknown }) => {
    clusters.push(cluster as Cluster);
    return {
      name: 'none',
      version: 1,
      assign: async () => [],
      protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
    };
  };
  for (let each = 0; each < 2; each += 1) kafka.consumer({ groupId: 'group', partitionAssigners: [assigner] });
  return clusters.map((cluster) => cluster.committedOffsets({ groupId: 'group' }));
}

test('what one consumer knows of offsets is not what the other one goes by', () => {
  const [one, other] = tablesOf(stock);
  if (one !== undefined) one.payments = { 0: '17' };
  expect(other?.payments).toEqual({ 0: '17' });

  const [mine, yours] = tablesOf(corrected(ownOffsets));
  if (mine !== undefined) mine.payments = { 0: '17' };
  expect(yours).toEqual({});
});
