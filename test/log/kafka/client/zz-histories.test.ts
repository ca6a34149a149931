import { expect, test } from 'vitest';
import { type CorrectedKafka, Kafka, logLevel } from '../../../../src/log/kafka/client/index.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';
import { printedByTheJvm } from './console-consumer.ts';
import { type Reading, read, writeHistory } from './histories.ts';
import { stock } from './libraries.ts';

const SEEDS = [1, 2, 3];
const STEPS = 600;
const SMALL_BYTES = 150;
const LARGE_BYTES = 1024 * 1024;

kafkaSuite('transactions of several producers that interleave, and readers of committed records', { release: '3.9' }, (brokers) => {
  test('the corrected consumer is handed what the JVM prints, stock is not', { timeout: 180_000 }, async () => {
    const config = { clientId: 'histories', brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING };
    const kafka = new Kafka(config);
    const { Kafka: StockKafka } = stock('index') as { Kafka: new (options: object) => CorrectedKafka };
    const topics = SEEDS.map((seed) => `history-${seed}`);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1 })) });
    await admin.disconnect();
    await Promise.all(topics.map((topic, at) => writeHistory(kafka, topic, SEEDS[at] ?? 0, STEPS)));

    const printed = await printedByTheJvm(brokers().bootstrap, topics);
    for (const topic of topics) {
      const committed = printed.get(topic) ?? [];
      expect(committed.length).toBeGreaterThan(100);
      const middle = committed[Math.floor(committed.length / 2)]?.offset ?? 0;
      const readings: readonly Reading[] = [0, middle].flatMap((fromOffset) =>
        [SMALL_BYTES, LARGE_BYTES].map((bytesMax) => ({ topic, fromOffset, bytesMax })),
      );
      const seen = await Promise.all(readings.map((reading) => read(kafka, reading)));
      for (const [at, { fromOffset }] of readings.entries()) {
        expect(seen[at]).toEqual(committed.filter(({ offset }) => offset >= fromOffset));
      }
      const byStock = await read(new StockKafka(config), { topic, fromOffset: 0, bytesMax: LARGE_BYTES });
      expect(byStock.length).toBeGreaterThan(committed.length);
    }
  });
});
