import type { TopicPartition } from '../../record.ts';
import { AnswerReader } from './answer-reader.ts';
import { byTopic } from './message.ts';
import { RequestWriter } from './request-writer.ts';

/** What stands in JoinGroup's metadata of protocol type "consumer" (ConsumerProtocolSubscription v1): brokers and their tools read it. */
export interface ConsumerSubscription {
  readonly topics: readonly string[];
  readonly userData: Uint8Array;
}

/** What stands in SyncGroup's assignment (ConsumerProtocolAssignment v0); `kafka-consumer-groups` shows it. */
export interface ConsumerAssignment {
  readonly partitions: readonly TopicPartition[];
  readonly userData: Uint8Array | null;
}

const SUBSCRIPTION_VERSION = 1;
const ASSIGNMENT_VERSION = 0;

/** The partitions owned stand in the user data, with their generation; this field stays empty. */
export function encodeConsumerSubscription({ topics, userData }: ConsumerSubscription): Buffer {
  const writer = new RequestWriter().int16(SUBSCRIPTION_VERSION);
  writer
    .array(topics, (topic) => writer.string(topic))
    .bytes(userData)
    .array([], () => {});
  return writer.buffer;
}

export function decodeConsumerSubscription(metadata: Buffer): {
  readonly topics: readonly string[];
  readonly userData: Buffer | null;
} {
  const reader = new AnswerReader(metadata, "JoinGroup (a member's subscription)");
  reader.int16();
  return { topics: reader.array(() => reader.string()), userData: reader.nullableBytes() };
}

export function encodeConsumerAssignment({ partitions, userData }: ConsumerAssignment): Buffer {
  const writer = new RequestWriter().int16(ASSIGNMENT_VERSION);
  writer.array(byTopic(partitions), ([topic, items]) => {
    writer.string(topic).array(items, ({ partition }) => {
      writer.int32(partition);
    });
  });
  if (userData === null) writer.int32(-1);
  else writer.bytes(userData);
  return writer.buffer;
}

/** An empty assignment is what a member gets that the leader did not name. */
export function decodeConsumerAssignment(bytes: Buffer): ConsumerAssignment {
  if (bytes.length === 0) return { partitions: [], userData: null };
  const reader = new AnswerReader(bytes, 'SyncGroup (the assignment)');
  reader.int16();
  const partitions = reader.array(() => {
    const topic = reader.string();
    return reader.array((): TopicPartition => ({ topic, partition: reader.int32() }));
  });
  return { partitions: partitions.flat(), userData: reader.nullableBytes() };
}
