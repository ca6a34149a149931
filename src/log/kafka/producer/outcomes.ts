import { HeadraceError } from '../../../errors.ts';
import { isRefusal, refused } from '../cluster/cluster.ts';
import { errorCodes, errorName } from '../protocol/errors.ts';

/**
 * What a broker's definite "no" within a transaction means: COMMIT_REFUSED where the same work may succeed in a transaction of its
 * own, KAFKA_REFUSED where it never will.
 */
export function notCommitted(what: string, errorCode: number, where = ''): HeadraceError {
  switch (errorCode) {
    case errorCodes.INVALID_PRODUCER_EPOCH:
    case errorCodes.PRODUCER_FENCED:
    case errorCodes.INVALID_TXN_STATE:
    case errorCodes.INVALID_PRODUCER_ID_MAPPING:
    case errorCodes.UNKNOWN_PRODUCER_ID:
    case errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER:
    case errorCodes.TRANSACTION_ABORTABLE:
      return new HeadraceError(
        'COMMIT_REFUSED',
        `Kafka did not manage ${what}${where}: the transaction was open for too long, or another has begun in its place (${errorName(errorCode)})`,
      );
    case errorCodes.MESSAGE_TOO_LARGE:
    case errorCodes.RECORD_LIST_TOO_LARGE:
      return new HeadraceError(
        'RECORD_TOO_LARGE',
        `A record${where} is over the limit of its topic: raise max.message.bytes of the topic, or keep the large part elsewhere`,
      );
    case errorCodes.INVALID_TIMESTAMP:
      return refused(
        `${what}${where}`,
        errorCode,
        "a timestamp is further from the broker's clock than message.timestamp.before.max.ms or message.timestamp.after.max.ms of the topic allow",
      );
    case errorCodes.TRANSACTIONAL_ID_NOT_FOUND:
      return new HeadraceError(
        'COMMIT_REFUSED',
        `Kafka does not know the transactional id any more (${errorName(errorCode)})`,
      );
    default:
      return refused(`${what}${where}`, errorCode, isRefusal(errorCode) ? 'give this user the right for it' : '');
  }
}
