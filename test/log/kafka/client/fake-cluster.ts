import type { LoadModule } from '../../../../src/log/kafka/client/kafkajs-package.ts';
import { quietLogger } from './libraries.ts';

export interface SentBatch {
  readonly node: number;
  readonly partition: number;
  readonly values: readonly string[];
  readonly firstSequence: number;
  readonly producerId: unknown;
}

/**
 * What a broker does with a batch: an error code of Kafka's, the loss of the connection before or after it was appended, nothing said of it,
 * or nothing against it.
 */
export type Fate = number | 'lost' | 'appended and lost' | 'left out' | undefined;

type Message = { readonly value: string };
type Send = (call: object) => Promise<readonly { topicName: string; partition: number; baseOffset: string }[]>;

interface Produced {
  readonly producerId: unknown;
  readonly topicData: readonly {
    readonly partitions: readonly { partition: number; firstSequence: number; messages: readonly Message[] }[];
  }[];
}

/**
 * Brokers in memory under kafkajs's producer: leaders that move, answers that fail, logs that drop a repetition by its sequence
 * number as a broker's do (DUPLICATE below what was appended, OUT_OF_ORDER_SEQUENCE_NUMBER above).
 */
export class FakeCluster {
  readonly sent: SentBatch[] = [];
  readonly logs = new Map<number, string[]>();
  leaders: readonly number[];
  leadersNext: readonly number[] | undefined;
  fate: (batch: SentBatch, attempt: number) => Fate | Promise<Fate> = () => undefined;
  isIdempotent = false;
  readonly #load: LoadModule;
  readonly #sequences = new Map<string, number>();
  #producers = 0;

  constructor(load: LoadModule, leaders: readonly number[]) {
    this.#load = load;
    this.leaders = leaders;
  }

  /** kafkajs's `send` over this cluster. The partitioner spreads in turn, as for messages without a key. */
  async sender(retries: number, retry = {}): Promise<Send> {
    const load = this.#load;
    const logger = quietLogger(load);
    const createRetry = load('src/retry') as (options: object) => unknown;
    const createManager = load('src/producer/eosManager') as (options: object) => { initProducerId(): Promise<void> };
    const createSend = load('src/producer/sendMessages') as (options: object) => Send;
    const cluster = this.#cluster();
    const eosManager = createManager({ logger, cluster, transactional: false });
    if (this.isIdempotent) await eosManager.initProducerId();
    let turn = 0;
    const partitioner = ({ partitionMetadata }: { partitionMetadata: readonly unknown[] }) =>
      turn++ % partitionMetadata.length;
    const retrier = createRetry({ retries, initialRetryTime: 1, maxRetryTime: 5, ...retry });
    const send = createSend({ logger, cluster, partitioner, eosManager, retrier });
    return (call) => send({ acks: -1, timeout: 1_000, ...call });
  }

  #cluster() {
    const broker = (nodeId: number) => ({ nodeId, produce: (request: Produced) => this.#produce(nodeId, request) });
    const brokers = new Map([...new Set([1, 2, ...this.leaders])].map((nodeId) => [nodeId, broker(nodeId)]));
    const moveLeaders = async () => {
      this.leaders = this.leadersNext ?? this.leaders;
    };
    return {
      targetTopics: new Set(),
      retry: { retries: 1 },
      isConnected: () => true,
      connect: async () => {},
      removeBroker: () => {},
      addMultipleTargetTopics: async () => {},
      refreshMetadataIfNecessary: async () => {},
      refreshMetadata: moveLeaders,
      findTopicPartitionMetadata: () => this.leaders.map((leader, partitionId) => ({ partitionId, leader })),
      findLeaderForPartitions: (_topic: string, partitions: readonly (number | string)[]) => {
        const byLeader: Record<number, number[]> = {};
        for (const partition of partitions.map(Number)) {
          const leader = this.leaders[partition] ?? -1;
          byLeader[leader] = [...(byLeader[leader] ?? []), partition];
        }
        return byLeader;
      },
      findBroker: async ({ nodeId }: { nodeId: string | number }) => brokers.get(Number(nodeId)),
      findControllerBroker: async () => ({
        initProducerId: async () => {
          this.#producers += 1;
          return { producerId: this.#producers, producerEpoch: 0 };
        },
      }),
    };
  }

  async #produce(node: number, { topicData, producerId }: Produced) {
    const { KafkaJSConnectionError } = this.#load('src/errors') as {
      KafkaJSConnectionError: new (message: string) => Error;
    };
    const { parse } = this.#load('src/protocol/requests/produce/v3/response') as {
      parse(data: object): Promise<object>;
    };
    const partitions = [];
    let isLost = false;
    for (const { partition, firstSequence, messages } of topicData.flatMap((topic) => topic.partitions)) {
      const batch = { node, partition, values: messages.map(({ value }) => value), firstSequence, producerId };
      const attempt = this.sent.filter((each) => each.partition === partition).length;
      this.sent.push(batch);
      const fate = await this.fate(batch, attempt);
      if (fate === 'left out') continue;
      isLost ||= typeof fate === 'string';
      const refused = typeof fate === 'number' ? fate : fate === 'lost' ? -1 : this.#append(batch);
      partitions.push({ partition, errorCode: refused, baseOffset: '0', logAppendTime: '-1' });
    }
    if (isLost) throw new KafkaJSConnectionError('Connection lost');
    return parse({ topics: [{ topicName: 'payments', partitions }] });
  }

  /** The error code: 0 where it was appended, or was there. */
  #append({ partition, values, firstSequence, producerId }: SentBatch): number {
    const key = `${String(producerId)} ${partition}`;
    const expected = this.#sequences.get(key) ?? 0;
    if (this.isIdempotent && firstSequence < expected) return 0;
    if (this.isIdempotent && firstSequence > expected) return 45;
    this.#sequences.set(key, firstSequence + values.length);
    this.logs.set(partition, [...(this.logs.get(partition) ?? []), ...values]);
    return 0;
  }
}
