import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface EndTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly epoch: number;
  readonly committed: boolean;
}

/** EndTxn v1 (KIP-98): answered when the decision is in the coordinator's log; the markers follow. */
export function endTxn(request: EndTxnRequest): Message<{ readonly errorCode: number }> {
  return message({
    apiName: 'EndTxn',
    apiKey: 26,
    apiVersion: 1,
    write: (writer) => {
      writer.string(request.transactionalId).int64(request.producerId).int16(request.epoch).boolean(request.committed);
    },
    read: (reader) => {
      reader.throttleTime();
      return { errorCode: reader.int16() };
    },
  });
}
