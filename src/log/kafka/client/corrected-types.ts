import type {
  Consumer,
  ConsumerConfig,
  ConsumerGroupJoinEvent,
  Kafka,
  Offsets,
  Producer,
  ProducerConfig,
  Transaction,
} from 'kafkajs';

/** Who commits offsets in a transaction, as `consumer.group_join` told it (KIP-447). */
export interface GroupMember {
  readonly consumerGroupId: string;
  /** With it the group's coordinator refuses the offsets of a member that the group has gone on without. */
  readonly generationId?: number;
  readonly memberId?: string;
  readonly groupInstanceId?: string;
}

export interface CorrectedTransaction extends Omit<Transaction, 'sendOffsets'> {
  sendOffsets(offsets: Offsets & GroupMember): Promise<void>;
}

export interface CorrectedProducer extends Omit<Producer, 'transaction'> {
  transaction(): Promise<CorrectedTransaction>;
}

/** The payload of `consumer.group_join`. */
export type CorrectedGroupJoinEvent = ConsumerGroupJoinEvent & { readonly payload: { readonly generationId: number } };

export type CorrectedConsumer = Consumer & {
  /** Rejects when the consumer has ended by an error and does not start again by itself. */
  crashed(): Promise<never>;
};

export interface CorrectedKafka extends Omit<Kafka, 'producer' | 'consumer'> {
  producer(config?: ProducerConfig): CorrectedProducer;
  consumer(config: ConsumerConfig): CorrectedConsumer;
}
