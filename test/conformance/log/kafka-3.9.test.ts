import { openKafka } from '../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../kafka/suite.ts';
import { logConformance } from './log-conformance.ts';

// A file of its own, so that both releases run side by side.
kafkaSuite('on Apache Kafka 3.9', { release: '3.9', onlyInCi: true }, (brokers) =>
  logConformance('kafka 3.9', (settings) => openKafka(brokers(), settings), { isRemote: true }),
);
