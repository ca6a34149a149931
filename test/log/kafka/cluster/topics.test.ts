import { expect, it } from 'vitest';
import { HeadraceError } from '../../../../src/errors.ts';
import type { BrokerAddress, BrokerConnection } from '../../../../src/log/kafka/cluster/broker-connection.ts';
import { Cluster } from '../../../../src/log/kafka/cluster/cluster.ts';
import { Topics } from '../../../../src/log/kafka/cluster/topics.ts';

const brokers = [1, 2].map((nodeId) => ({ nodeId, host: '127.0.0.1', port: 9_000 + nodeId }));
const config = new Map([['delete.retention.ms', '1234']]);
const answers: Readonly<Record<string, unknown>> = {
  Metadata: { brokers, topics: [] },
  DescribeConfigs: { topics: [{ name: 't', errorCode: 0, errorMessage: null, config }] },
};

/** Two brokers by the same metadata, one of which is gone. */
function oneIsGone(gone: number) {
  const asked: string[] = [];
  const connect = async ({ port }: BrokerAddress): Promise<BrokerConnection> => {
    if (port === gone) throw new HeadraceError('KAFKA_UNAVAILABLE', 'gone', { retriable: true });
    return {
      isOpen: true,
      async send<Answer>(message: { readonly request: object }): Promise<Answer> {
        const { apiName } = message.request as { readonly apiName: string };
        asked.push(`${apiName} ${port}`);
        return answers[apiName] as Answer;
      },
      close: async () => {},
    };
  };
  let nowMs = 0;
  const startTimer = (delayMs: number, action: () => void) => {
    const timer = setImmediate(() => {
      nowMs += delayMs;
      action();
    });
    return () => clearImmediate(timer);
  };
  return { asked, cluster: new Cluster({ bootstrap: brokers, connect, clock: () => nowMs, startTimer }) };
}

it.each([1, 2])('what every broker knows is asked of one that answers, whichever is gone (%i)', async (gone) => {
  const { asked, cluster } = oneIsGone(9_000 + gone);
  await cluster.allNodes();
  expect(await new Topics(cluster).deleteRetentionMs('t')).toBe(1_234);
  expect(asked).toEqual([`Metadata ${9_003 - gone}`, `DescribeConfigs ${9_003 - gone}`]);
});
