import { createRequire } from 'node:module';
import type * as kafkajs from 'kafkajs';
import { inOrder, type SeenRecord, type SentRecord, seenRecord } from './client-record.ts';

/** kafkajs as everybody else has it: the package itself, without our corrections. */
const { CompressionTypes, Kafka, logLevel, Partitioners } = createRequire(import.meta.url)('kafkajs') as typeof kafkajs;

const SILENCE_MAX_MS = 30_000;

function client(bootstrap: string): kafkajs.Kafka {
  return new Kafka({ clientId: 'stock', brokers: bootstrap.split(','), logLevel: logLevel.NOTHING });
}

export interface StockSending {
  readonly isCompressed?: boolean;
  /** `legacy` is what kafkajs used before 2.0: another murmur2 than Kafka's. */
  readonly partitioner?: 'default' | 'legacy';
}

export async function sendByStockKafkajs(
  bootstrap: string,
  topic: string,
  records: readonly SentRecord[],
  { isCompressed = false, partitioner = 'default' }: StockSending = {},
): Promise<void> {
  const createPartitioner = partitioner === 'legacy' ? Partitioners.LegacyPartitioner : Partitioners.DefaultPartitioner;
  const producer = client(bootstrap).producer({ createPartitioner, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({
    topic,
    acks: -1,
    compression: isCompressed ? CompressionTypes.GZIP : CompressionTypes.None,
    messages: records.map(({ key, value, client: name }) => ({ key, value, headers: { client: name } })),
  });
  await producer.disconnect();
}

/** The records of topics as its consumer hands them out, once it has as many of each as it should. */
export async function readByStockKafkajs(
  bootstrap: string,
  counts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, readonly SeenRecord[]>> {
  const seen = new Map<string, SeenRecord[]>([...counts.keys()].map((topic) => [topic, []]));
  const consumer = client(bootstrap).consumer({ groupId: `stock-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [...counts.keys()], fromBeginning: true });
  let lastAt = Date.now();
  await consumer.run({
    eachMessage: async ({ topic, partition, message }) => {
      lastAt = Date.now();
      const { key, value, headers = {} } = message;
      const place = { partition, offset: Number(message.offset), timestamp: Number(message.timestamp) };
      seen.get(topic)!.push(seenRecord(place, key, value, headersOf(headers)));
    },
  });
  const isMissing = () => [...counts].some(([topic, count]) => seen.get(topic)!.length < count);
  while (isMissing() && Date.now() - lastAt < SILENCE_MAX_MS) await new Promise((resolve) => setTimeout(resolve, 50));
  await consumer.disconnect();
  return new Map([...seen].map(([topic, records]) => [topic, inOrder(records)]));
}

function headersOf(headers: kafkajs.IHeaders): readonly (readonly [string, Uint8Array])[] {
  return Object.entries(headers).map(([name, value]) => [name, value as Buffer]);
}

export interface GroupLag {
  readonly committed: number;
  readonly lag: number;
}

export async function topicsByStockKafkajs(bootstrap: string): Promise<readonly string[]> {
  const admin = client(bootstrap).admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).sort();
  } finally {
    await admin.disconnect();
  }
}

/** How far a group is on a topic, as its admin client tells; throws where the group's coordinator is only about to begin. */
export async function lagByStockKafkajs(bootstrap: string, groupId: string, topic: string): Promise<GroupLag> {
  const admin = client(bootstrap).admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    const [{ partitions } = { partitions: [] }] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const sum = (offsets: readonly { readonly offset: string }[]) =>
      offsets.reduce((total, { offset }) => total + Math.max(0, Number(offset)), 0);
    return { committed: sum(partitions), lag: sum(ends) - sum(partitions) };
  } finally {
    await admin.disconnect();
  }
}
