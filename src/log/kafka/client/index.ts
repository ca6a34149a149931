/**
 * kafkajs 2.2.4 with its defects corrected: the same interface, for programs that need only a client of Apache Kafka that keeps
 * its promises. It is a copy of its own: a program's `import 'kafkajs'` stays the stock library, and errors of one are no
 * instances of the other's classes. Importing it throws KAFKA_CLIENT_UNSUPPORTED where the installed kafkajs is not the one that
 * the corrections were written for.
 *
 * ```ts
 * import { Kafka } from 'headrace/kafka';
 *
 * const kafka = new Kafka({ clientId: 'ledger', brokers: ['localhost:9092'] });
 * const consumer = kafka.consumer({ groupId: 'audit' });
 * consumer.crashed().catch((error) => process.exit(1));
 * ```
 *
 * @module headrace/kafka
 */
import type * as kafkajs from 'kafkajs';
import { loadCorrected } from './corrected.ts';
import type { CorrectedKafka } from './corrected-types.ts';
import { corrections } from './corrections.ts';

export type * from 'kafkajs';
export type {
  CorrectedConsumer,
  CorrectedGroupJoinEvent,
  CorrectedKafka,
  CorrectedProducer,
  CorrectedTransaction,
} from './corrected-types.ts';

const library = loadCorrected('index') as typeof kafkajs;

/** The corrected client. Where its clients have more than kafkajs's, {@link CorrectedKafka} says so. */
export const Kafka = library.Kafka as unknown as new (config: kafkajs.KafkaConfig) => CorrectedKafka;
export type Kafka = CorrectedKafka;

export const {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  AssignerProtocol,
  CompressionCodecs,
  CompressionTypes,
  ConfigResourceTypes,
  ConfigSource,
  KafkaJSAggregateError,
  KafkaJSBrokerNotFound,
  KafkaJSConnectionError,
  KafkaJSDeleteGroupsError,
  KafkaJSDeleteTopicRecordsError,
  KafkaJSError,
  KafkaJSGroupCoordinatorNotFound,
  KafkaJSLockTimeout,
  KafkaJSMetadataNotLoaded,
  KafkaJSNonRetriableError,
  KafkaJSNotImplemented,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSOffsetOutOfRange,
  KafkaJSPartialMessageError,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
  KafkaJSSASLAuthenticationError,
  KafkaJSServerDoesNotSupportApiKey,
  KafkaJSTimeout,
  KafkaJSTopicMetadataNotLoaded,
  KafkaJSUnsupportedMagicByteInMessageSet,
  logLevel,
  PartitionAssigners,
  Partitioners,
  ResourcePatternTypes,
} = library;

/** What was corrected: a name, and what it mends in one line. */
export const kafkaCorrections: readonly { readonly name: string; readonly summary: string }[] = corrections.map(
  ({ name, summary }) => ({ name, summary }),
);
