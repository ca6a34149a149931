import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import {
  CompressionTypes,
  type CorrectedConsumer,
  type CorrectedGroupJoinEvent,
  type CorrectedKafka,
  Kafka,
  logLevel,
} from '../../../../src/log/kafka/client/index.ts';
import { kafkaClasspath } from '../../../kafka/provision.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';
import { commitOffset } from './commit-offset.ts';
import { printedByTheJvm } from './console-consumer.ts';
import { outcomeOf } from './libraries.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const TYPES = [
  CompressionTypes.None,
  CompressionTypes.GZIP,
  CompressionTypes.Snappy,
  CompressionTypes.LZ4,
  CompressionTypes.ZSTD,
];

/** One line by the JVM's console producer, compressed. */
async function sendByTheJvm(bootstrap: string, codec: string): Promise<void> {
  const sending = promisify(execFile)('java', [
    ...['-Xmx128m', '-cp', await kafkaClasspath('4.1'), 'org.apache.kafka.tools.ConsoleProducer'],
    ...['--bootstrap-server', bootstrap, '--topic', 'compressed', '--producer-property', `compression.type=${codec}`],
  ]);
  sending.child.stdin?.end(`compressed theirs ${codec} ${'y'.repeat(2_000)}\n`);
  await sending;
}

const opened: { disconnect(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.disconnect()));
});

kafkaSuite('the corrected client against Apache Kafka', {}, (brokers) => {
  const client = (): CorrectedKafka =>
    new Kafka({ clientId: 'test', brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING });

  const topicOf = async (topic: string, numPartitions = 1) => {
    const admin = client().admin();
    await admin.connect();
    opened.push(admin);
    await admin.createTopics({ topics: [{ topic, numPartitions }] });
    return admin;
  };

  const producerOf = async (transactionalId: string) => {
    const producer = client().producer({ transactionalId });
    await producer.connect();
    opened.push(producer);
    return producer;
  };

  /** A consumer that has joined, what it was handed so far, and what it was told on joining. */
  const joined = async (topic: string, groupId: string) => {
    const consumer: CorrectedConsumer = client().consumer({ groupId, maxWaitTimeInMs: 50 });
    const values: string[] = [];
    const joins: CorrectedGroupJoinEvent[] = [];
    consumer.on(consumer.events.GROUP_JOIN, (event) => void joins.push(event as CorrectedGroupJoinEvent));
    await consumer.connect();
    opened.push(consumer);
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message }) => void values.push(String(message.value)),
    });
    await expect.poll(() => joins.length, { timeout: 10_000 }).toBe(1);
    return { consumer, values, member: joins[0]?.payload };
  };

  test('each compression of ours is read by the JVM, and each of the JVM by us', async () => {
    await topicOf('compressed');
    const producer = await producerOf('compressed');
    for (const [at, compression] of TYPES.entries()) {
      const transaction = await producer.transaction();
      const value = `compressed ours ${CODECS[at]} ${'x'.repeat(2_000)}`;
      // More than a block of any of the formats.
      const large = `compressed ours ${CODECS[at]} ${Array.from({ length: 60_000 }, (_, each) => each * 7_919).join(' ')}`;
      await transaction.send({ topic: 'compressed', compression, messages: [{ value }, { value: large }] });
      await transaction.commit();
    }
    await Promise.all(CODECS.map((codec) => sendByTheJvm(brokers().bootstrap, codec)));
    const printed = (await printedByTheJvm(brokers().bootstrap, ['compressed'])).get('compressed') ?? [];
    expect(printed).toHaveLength(3 * CODECS.length);
    const { values } = await joined('compressed', 'compressed');
    await expect.poll(() => values.length, { timeout: 10_000 }).toBe(printed.length);
    expect(values).toEqual(printed.map(({ value }) => value));
  }, 120_000);

  test('offsets of a transaction carry the generation, and are read when they are stable', async () => {
    const admin = await topicOf('offsets');
    const { member } = await joined('offsets', 'offsets');
    const producer = await producerOf('offsets');
    const at = (offset: string) => ({ topics: [{ topic: 'offsets', partitions: [{ partition: 0, offset }] }] });
    const who = {
      consumerGroupId: 'offsets',
      memberId: member?.memberId ?? '',
      generationId: member?.generationId ?? -1,
    };

    const zombie = await producer.transaction();
    const stale = { ...who, generationId: who.generationId + 1 };
    expect(await outcomeOf(zombie.sendOffsets({ ...stale, ...at('3') }))).toMatchObject({ type: 'ILLEGAL_GENERATION' });
    await zombie.abort();

    const transaction = await producer.transaction();
    await transaction.sendOffsets({ ...who, ...at('5') });
    let isCommitted = false;
    const fetched = admin
      .fetchOffsets({ groupId: 'offsets', topics: ['offsets'] })
      .then((offsets) => ({ offsets, isCommitted }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    isCommitted = true;
    await transaction.commit();
    expect(await fetched).toMatchObject({
      isCommitted: true,
      offsets: [{ partitions: [{ partition: 0, offset: '5' }] }],
    });
  });

  test('an offset out of range stops the consumer, and the group keeps it', async () => {
    const admin = await topicOf('range');
    await commitOffset(client(), 'range', 'range', 1000);
    const { consumer } = await joined('range', 'range');
    expect(await outcomeOf(consumer.crashed())).toMatchObject({
      message: expect.stringMatching(/Offset 1000 of range-0 is out of the range/),
    });
    expect(await admin.fetchOffsets({ groupId: 'range', topics: ['range'] })).toMatchObject([
      { partitions: [{ partition: 0, offset: '1000' }] },
    ]);
  });

  test('a second producer of the same id fences the first, whose transactions end there', async () => {
    await topicOf('fenced');
    const [first, second] = [await producerOf('fenced'), await producerOf('fenced')];
    const transaction = await first.transaction();
    await transaction.send({ topic: 'fenced', messages: [{ value: 'of the first' }] });
    await (await second.transaction()).abort();
    expect(await outcomeOf(transaction.commit())).toMatchObject({ type: expect.stringMatching(/EPOCH|FENCED/) });
    expect(await outcomeOf(first.transaction())).toMatchObject({ message: expect.stringMatching(/cannot go on/) });
  });

  test('more messages than one batch holds arrive in their order, and a broker with a lower limit gets halves', async () => {
    const admin = await topicOf('large');
    const configEntries = [{ name: 'max.message.bytes', value: '100000' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: 'large', configEntries }] });
    const producer = client().producer({ idempotent: true });
    await producer.connect();
    opened.push(producer);
    const values = Array.from({ length: 200 }, (_, at) => `large ${at} ${'x'.repeat(10_000)}`);
    await producer.send({ topic: 'large', messages: values.map((value) => ({ value })) });
    const { values: seen } = await joined('large', 'large');
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(200);
    expect(seen).toEqual(values);
  });
});
