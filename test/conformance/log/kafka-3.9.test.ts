import { describe, it } from 'vitest';
import { openKafka } from '../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../kafka/suite.ts';
import { logConformance } from './log-conformance.ts';

// A file of its own, so that both releases run side by side; a minute longer, so in CI only.
if (process.env.CI === undefined) {
  describe.skip('on Apache Kafka 3.9', () => it('runs in CI, or with CI=true', () => {}));
} else {
  kafkaSuite('on Apache Kafka 3.9', { release: '3.9' }, (brokers) =>
    logConformance('kafka 3.9', (settings) => openKafka(brokers(), settings), { isRemote: true }),
  );
}
