/** What is used of kafkajs's objects for sending. */
export interface KafkajsMessage {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, unknown>>;
}

export interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly KafkajsMessage[];
}

export interface PartitionData {
  readonly partition: number;
  readonly messages: readonly KafkajsMessage[];
  readonly firstSequence: number;
}

export interface TopicData {
  readonly topic: string;
  readonly partitions: readonly PartitionData[];
}

/** One partition's part of an answer to Produce. */
export interface ProduceAnswer {
  readonly partition: number;
  readonly errorCode: number;
  readonly [field: string]: unknown;
}

export interface ProduceBroker {
  readonly nodeId: number;
  /** Undefined where no acknowledgement was asked for. */
  produce(
    request: object,
  ): Promise<
    | { readonly topics: readonly { readonly topicName: string; readonly partitions: readonly ProduceAnswer[] }[] }
    | undefined
  >;
}

export interface SenderCluster {
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly unknown[];
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(node: { readonly nodeId: string }): Promise<ProduceBroker>;
  removeBroker(address: { readonly host: unknown; readonly port: unknown }): void;
  isConnected(): boolean;
  connect(): Promise<void>;
}

export interface ProducerState {
  isTransactional(): boolean;
  isInitialized(): boolean;
  getTransactionalId(): string;
  getProducerId(): unknown;
  getProducerEpoch(): unknown;
  getSequence(topic: string, partition: number): number;
  updateSequence(topic: string, partition: number, increment: number): void;
  addPartitionsToTransaction(topics: readonly TopicData[]): Promise<void>;
  initProducerId(): Promise<void>;
  /** Set where a send of the transaction has failed: it can only be aborted then. */
  failedSend?: unknown;
}

/** Calls again after a pause while the call rejects with what may pass; `bail` ends that. */
export type Retrier = <Result>(
  attempt: (bail: (error: unknown) => void, retryCount: number, retryTime: number) => Promise<Result>,
) => Promise<Result>;

export interface SenderOptions {
  readonly logger: { debug(message: string, fields?: object): void; error(message: string, fields?: object): void };
  readonly cluster: SenderCluster;
  readonly partitioner: (choice: {
    topic: string;
    partitionMetadata: readonly unknown[];
    message: KafkajsMessage;
  }) => number;
  readonly eosManager: ProducerState;
  readonly retrier: Retrier;
}

export type Partitioner = SenderOptions['partitioner'];

/** What else is used of kafkajs: its grouping of messages, and errors in its own classes, which its retries and its users know. */
export interface SenderParts {
  groupMessages(grouping: {
    readonly topic: string;
    readonly partitionMetadata: readonly unknown[];
    readonly messages: readonly KafkajsMessage[];
    readonly partitioner: Partitioner;
  }): Readonly<Record<number, readonly KafkajsMessage[]>>;
  errorFromCode(code: number): Error;
  metadataNotLoaded(message: string): Error;
  retriableError(message: string): Error;
}

export interface SendCall {
  readonly acks: number;
  readonly timeout?: number;
  readonly compression?: number;
  readonly topicMessages: readonly TopicMessages[];
}
