import type { KafkajsMessage, ProduceAnswer, TopicMessages } from './sender-options.ts';

/** Messages of one partition that go out as one record batch. */
export interface OutgoingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly KafkajsMessage[];
  /** Given at the first attempt and kept: the broker knows a repetition by it. */
  sequence: number | undefined;
  /** It may have arrived although nobody has said so. */
  isInDoubt: boolean;
  answer: (ProduceAnswer & { readonly topicName: string }) | undefined;
}

/** Below what a broker takes for a batch unless told otherwise (`message.max.bytes`, 1,048,588), with room for the frame. */
const BATCH_BYTES_MAX = 1_000_000;
/** Lengths, deltas and attributes of a record are at most this long. */
const RECORD_OVERHEAD_BYTES = 24;

/** The messages of a topic by partition, as its partitioner chooses. */
export type GroupByPartition = (topicMessages: TopicMessages) => Readonly<Record<number, readonly KafkajsMessage[]>>;

/** Spreads messages over partitions, in their order, and cuts what is too long for one batch. */
export function spread(topicMessages: readonly TopicMessages[], group: GroupByPartition): OutgoingBatch[] {
  return topicMessages.flatMap((each) =>
    Object.entries(group(each)).flatMap(([partition, messages]) => cut(each.topic, Number(partition), messages)),
  );
}

function cut(topic: string, partition: number, messages: readonly KafkajsMessage[]): OutgoingBatch[] {
  const batches: OutgoingBatch[] = [];
  let from = 0;
  let bytes = 0;
  messages.forEach((message, at) => {
    const size = sizeOf(message);
    if (bytes + size > BATCH_BYTES_MAX && at > from) {
      batches.push(batchOf(topic, partition, messages.slice(from, at)));
      from = at;
      bytes = 0;
    }
    bytes += size;
  });
  if (from < messages.length) batches.push(batchOf(topic, partition, messages.slice(from)));
  return batches;
}

/** Two batches in place of one that the broker found too long. */
export function halves({ topic, partition, messages }: OutgoingBatch): OutgoingBatch[] {
  const middle = Math.ceil(messages.length / 2);
  return [messages.slice(0, middle), messages.slice(middle)].map((part) => batchOf(topic, partition, part));
}

function batchOf(topic: string, partition: number, messages: readonly KafkajsMessage[]): OutgoingBatch {
  return { topic, partition, messages, sequence: undefined, isInDoubt: false, answer: undefined };
}

function sizeOf({ key, value, headers }: KafkajsMessage): number {
  let bytes = RECORD_OVERHEAD_BYTES + lengthOf(key) + lengthOf(value);
  for (const [name, held] of Object.entries(headers ?? {})) {
    for (const each of Array.isArray(held) ? held : [held]) bytes += 2 * 5 + lengthOf(name) + lengthOf(each);
  }
  return bytes;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return value instanceof Uint8Array ? value.length : 0;
}
