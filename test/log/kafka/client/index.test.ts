import * as stock from 'kafkajs';
import { expect, test } from 'vitest';
import * as corrected from '../../../../src/log/kafka/client/index.ts';

test('has every value that kafkajs has in its types, and what was corrected', () => {
  const untyped = ['KafkaJSConnectionClosedError', 'KafkaJSCreateTopicError', 'KafkaJSMemberIdRequired'];
  const left = Object.keys(stock).filter(
    (name) => !(name in corrected) && !untyped.includes(name) && name !== 'default',
  );
  expect(left).toEqual([]);
  for (const [name, value] of Object.entries(corrected)) expect(value, name).toBeDefined();
  expect(corrected.kafkaCorrections.length).toBeGreaterThan(20);
  for (const { name, summary } of corrected.kafkaCorrections) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(summary).not.toContain('\n');
  }
});

test('its clients are of the corrected library', () => {
  const kafka = new corrected.Kafka({
    clientId: 'test',
    brokers: ['127.0.0.1:1'],
    logLevel: corrected.logLevel.NOTHING,
  });
  const consumer = kafka.consumer({ groupId: 'group' });
  expect(consumer.crashed()).toBeInstanceOf(Promise);
  expect(new corrected.KafkaJSNonRetriableError('x')).not.toBeInstanceOf(stock.KafkaJSNonRetriableError);
  const codecs: Record<number, () => unknown> = corrected.CompressionCodecs;
  expect(codecs[corrected.CompressionTypes.ZSTD]?.()).toHaveProperty('decompress');
});
