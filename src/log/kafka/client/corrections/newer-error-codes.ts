import { type Correction, patch } from '../correction.ts';

/**
 * Defect: error codes of brokers since 2.5 are not known, so that a producer which another one has fenced (90), or a transaction
 * that must be aborted (120), is an unknown error (src/protocol/error.js, 569-582).
 *
 * Correction: the codes up to Kafka 4.1 that clients of this protocol can meet, with the JVM's names and whether a call can be
 * repeated (org.apache.kafka.common.protocol.Errors).
 */
export const newerErrorCodes: Correction = {
  name: 'newer-error-codes',
  summary: 'errors of brokers since Kafka 2.5 have their names: fenced producers, quotas, abortable transactions',
  patches: {
    'src/protocol/error.js': patch<ErrorModule>(({ errorCodes }) => {
      const known = new Set(errorCodes.map(({ code }) => code));
      errorCodes.push(...newer.filter(({ code }) => !known.has(code)));
    }),
  },
};

interface ErrorCode {
  readonly type: string;
  readonly code: number;
  readonly retriable: boolean;
  readonly message: string;
}

interface ErrorModule {
  readonly errorCodes: ErrorCode[];
}

const newer: readonly ErrorCode[] = [
  error(82, 'FENCED_INSTANCE_ID', false, 'Another member has taken this instance id'),
  error(89, 'THROTTLING_QUOTA_EXCEEDED', true, 'A quota is used up'),
  error(90, 'PRODUCER_FENCED', false, 'A newer producer has the same transactional id'),
  error(91, 'RESOURCE_NOT_FOUND', false, 'What was asked for does not exist'),
  error(92, 'DUPLICATE_RESOURCE', false, 'It exists already'),
  error(93, 'UNACCEPTABLE_CREDENTIAL', false, 'The credential breaks a rule'),
  error(96, 'INVALID_UPDATE_VERSION', false, 'The version was updated by another'),
  error(97, 'FEATURE_UPDATE_FAILED', false, 'Features could not be updated'),
  error(98, 'PRINCIPAL_DESERIALIZATION_FAILURE', false, 'The principal could not be read'),
  error(100, 'UNKNOWN_TOPIC_ID', true, 'No topic has this id'),
  error(103, 'INCONSISTENT_TOPIC_ID', true, 'The topic has another id'),
  error(106, 'FETCH_SESSION_TOPIC_ID_ERROR', true, 'Topic ids of the fetch session differ'),
  error(110, 'FENCED_MEMBER_EPOCH', false, 'The group has fenced this member'),
  error(113, 'STALE_MEMBER_EPOCH', false, 'The member is not of the present epoch'),
  error(120, 'TRANSACTION_ABORTABLE', false, 'The transaction has failed and must be aborted'),
];

function error(code: number, type: string, retriable: boolean, message: string): ErrorCode {
  return { code, type, retriable, message };
}
