import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface AddOffsetsToTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly epoch: number;
  readonly group: string;
}

/** AddOffsetsToTxn v1 (KIP-98). */
export function addOffsetsToTxn(request: AddOffsetsToTxnRequest): Message<{ readonly errorCode: number }> {
  return message({
    apiName: 'AddOffsetsToTxn',
    apiKey: 25,
    apiVersion: 1,
    write: (writer) => {
      writer.string(request.transactionalId).int64(request.producerId).int16(request.epoch).string(request.group);
    },
    read: (reader) => {
      reader.throttleTime();
      return { errorCode: reader.int16() };
    },
  });
}
