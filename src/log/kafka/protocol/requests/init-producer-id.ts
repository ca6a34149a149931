import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface InitProducerIdRequest {
  /** Null for a producer that is idempotent only. */
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  /** -1 and -1: whatever had the id before is fenced, and what it had open is aborted. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface InitProducerIdAnswer {
  readonly errorCode: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** InitProducerId v3 (KIP-360). */
export function initProducerId(request: InitProducerIdRequest): Message<InitProducerIdAnswer> {
  return message({
    apiName: 'InitProducerId',
    apiKey: 22,
    apiVersion: 3,
    isFlexible: true,
    write: (writer) => {
      writer.compactNullableString(request.transactionalId).int32(request.transactionTimeoutMs);
      writer.int64(request.producerId).int16(request.producerEpoch).noTags();
    },
    read: (reader) => {
      reader.throttleTime();
      const answer = { errorCode: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() };
      reader.tags();
      return answer;
    },
  });
}
