import { describe, expect, it } from 'vitest';
import { HeadraceError } from '../../../../src/errors.ts';
import type { BrokerAddress, BrokerConnection } from '../../../../src/log/kafka/cluster/broker-connection.ts';
import { Cluster } from '../../../../src/log/kafka/cluster/cluster.ts';
import { purge } from '../../../../src/log/kafka/cluster/purge.ts';
import { errorCodes } from '../../../../src/log/kafka/protocol/errors.ts';

/** What a broker answers to DeleteRecords, by partition: error codes in turn, the last one for ever; nothing where it is gone. */
type Answers = Readonly<Record<number, readonly number[]>>;

/** Two brokers; partition 0 of topic t is led by the first, the others by the second until `moved`. */
function twoBrokers(answers: Answers, { isGone = false, knows = true } = {}) {
  const asked: string[] = [];
  const timesAsked = new Map<number, number>();
  let [nowMs, secondsLeader] = [0, 2];
  const brokers = [1, 2].map((nodeId) => ({ nodeId, host: '127.0.0.1', port: 9_000 + nodeId }));
  const partitions = () =>
    Object.keys(answers).map((each) => ({ partition: Number(each), leader: each === '0' ? 1 : secondsLeader }));
  const metadata = () => ({
    brokers,
    topics: [
      { name: 't', topicId: 'i', isInternal: false, errorCode: knows ? 0 : 3, partitions: knows ? partitions() : [] },
    ],
  });
  const connect = async ({ port }: BrokerAddress): Promise<BrokerConnection> => ({
    isOpen: true,
    async send<Answer>(message: { readonly request: object }): Promise<Answer> {
      const { apiName } = message.request as { readonly apiName: string };
      if (apiName === 'Metadata') return metadata() as Answer;
      if (isGone && port === 9_002) throw new HeadraceError('KAFKA_UNAVAILABLE', 'gone', { retriable: true });
      const led = partitions().filter(({ leader }) => leader === port - 9_000);
      asked.push(`${port - 9_000}: ${led.map(({ partition }) => partition).join(' ')}`);
      const answered = led.map(({ partition }) => {
        const times = timesAsked.get(partition) ?? 0;
        timesAsked.set(partition, times + 1);
        const codes = answers[partition]!;
        const errorCode = codes[Math.min(times, codes.length - 1)]!;
        if (errorCode === errorCodes.NOT_LEADER_OR_FOLLOWER) secondsLeader = 1;
        return { topic: 't', partition, lowWatermark: 0, errorCode };
      });
      return { partitions: answered } as Answer;
    },
    close: async () => {},
  });
  const startTimer = (delayMs: number, action: () => void) => {
    const timer = setImmediate(() => {
      nowMs += delayMs;
      action();
    });
    return () => clearImmediate(timer);
  };
  const cluster = new Cluster({ bootstrap: brokers, connect, clock: () => nowMs, startTimer });
  const offsets = Object.keys(answers).map((each) => ({ topic: 't', partition: Number(each), offset: 10 }));
  return { asked, purged: () => purge(cluster, offsets) };
}

describe('a purge', () => {
  it('asks the leader of each partition, once', async () => {
    const { asked, purged } = twoBrokers({ 0: [0], 1: [0], 2: [0] });
    await purged();
    expect(asked.sort()).toEqual(['1: 0', '2: 1 2']);
  });

  it('goes to the next leader where one has moved', async () => {
    const { asked, purged } = twoBrokers({ 0: [0], 1: [errorCodes.NOT_LEADER_OR_FOLLOWER, 0] });
    await purged();
    expect(asked.slice(0, 2).sort()).toEqual(['1: 0', '2: 1']);
    expect(asked[2]).toContain('1: ');
    expect(asked).toHaveLength(3);
  });

  it('does not wait for followers, nor for a high watermark that is behind', async () => {
    const { asked, purged } = twoBrokers({ 0: [errorCodes.REQUEST_TIMED_OUT], 1: [errorCodes.OFFSET_OUT_OF_RANGE] });
    await purged();
    expect(asked).toHaveLength(2);
  });

  it('has nothing to do in a topic that is gone', async () => {
    const { asked, purged } = twoBrokers({ 0: [0] }, { knows: false });
    await purged();
    expect(asked).toEqual([]);
  });

  it('says what to grant where the right is missing, and does the rest', async () => {
    const { asked, purged } = twoBrokers({
      0: [errorCodes.TOPIC_AUTHORIZATION_FAILED],
      1: [errorCodes.NOT_CONTROLLER, 0],
    });
    await expect(purged()).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringMatching(/topic t \(TOPIC_AUTHORIZATION_FAILED\).*right to DELETE/),
      where: { topic: 't' },
    });
    expect(asked.filter((each) => each === '2: 1')).toHaveLength(2);
  });

  it('says so where the cleanup of a topic is another', async () => {
    const { purged } = twoBrokers({ 0: [errorCodes.POLICY_VIOLATION] });
    await expect(purged()).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining('cleanup.policy must be "delete"'),
    });
  });

  it('does what it can while a broker is away, and can be tried again', async () => {
    const { asked, purged } = twoBrokers({ 0: [0], 1: [0] }, { isGone: true });
    await expect(purged()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE', retriable: true });
    expect(asked).toEqual(['1: 0']);
  });
});
