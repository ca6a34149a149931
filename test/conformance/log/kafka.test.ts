import { openKafka } from '../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../kafka/suite.ts';
import { logConformance } from './log-conformance.ts';

kafkaSuite('on Apache Kafka', {}, (brokers) =>
  logConformance('kafka', (settings) => openKafka(brokers(), settings), { isRemote: true }),
);
