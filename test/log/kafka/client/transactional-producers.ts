import type { LoadModule } from '../../../../src/log/kafka/client/kafkajs-package.ts';
import { quietLogger } from './libraries.ts';

export interface Transaction {
  send(call: object): Promise<unknown>;
  sendOffsets(offsets: object): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
  isActive(): boolean;
}

export interface Producer {
  connect(): Promise<void>;
  transaction(): Promise<Transaction>;
}

export interface Asked {
  readonly request: string;
  readonly payload: Record<string, unknown>;
}

/** An error code that a request gets, or a connection error; undefined where all is well. */
export type Refusal = (request: string, attempt: number) => number | 'lost' | undefined;

/** kafkajs's transactional producer over a coordinator and a leader in memory; `asked` keeps the requests in their order. */
export function transactionalProducer(load: LoadModule, refusal: Refusal = () => undefined) {
  const asked: Asked[] = [];
  const { createErrorFromCode } = load('src/protocol/error') as { createErrorFromCode(code: number): Error };
  const { KafkaJSConnectionError } = load('src/errors') as { KafkaJSConnectionError: new (message: string) => Error };
  let epoch = -1;
  const ask = async (request: string, payload: Record<string, unknown>) => {
    const attempt = asked.filter((each) => each.request === request).length;
    asked.push({ request, payload });
    const refused = refusal(request, attempt);
    if (refused === 'lost') throw new KafkaJSConnectionError('Connection lost');
    if (refused !== undefined) throw createErrorFromCode(refused);
  };
  const broker = {
    nodeId: 1,
    initProducerId: async (payload: Record<string, unknown>) => {
      await ask('initProducerId', payload);
      epoch += 1;
      return { producerId: '9', producerEpoch: epoch };
    },
    produce: async (payload: Record<string, unknown>) => {
      await ask('produce', payload);
      return { topics: [{ topicName: 'payments', partitions: [{ partition: 0, errorCode: 0, baseOffset: '0' }] }] };
    },
    ...Object.fromEntries(
      ['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'].map((request) => [
        request,
        (payload: Record<string, unknown>) => ask(request, payload),
      ]),
    ),
  };
  const cluster = {
    targetTopics: new Set(),
    retry: { retries: 2, initialRetryTime: 300 },
    isConnected: () => true,
    connect: async () => {},
    addMultipleTargetTopics: async () => {},
    refreshMetadata: async () => {},
    refreshMetadataIfNecessary: async () => {},
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
    findLeaderForPartitions: () => ({ 1: [0] }),
    findBroker: async () => broker,
    markOffsetAsCommitted: () => {},
    findGroupCoordinator: async (payload: Record<string, unknown>) => {
      asked.push({ request: 'findCoordinator', payload });
      return broker;
    },
  };
  const createProducer = load('src/producer') as (options: object) => Producer;
  const producer = createProducer({
    cluster,
    logger: quietLogger(load),
    createPartitioner: () => () => 0,
    retry: { retries: 1, initialRetryTime: 300 },
    transactionalId: 'txn',
  });
  return { producer, asked, names: () => asked.map(({ request }) => request) };
}

export const PAYMENT = { topic: 'payments', messages: [{ value: 'x' }] };
export const OFFSETS = {
  consumerGroupId: 'ledger',
  topics: [{ topic: 'payments', partitions: [{ partition: 0, offset: '17' }] }],
};
