import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface FindCoordinatorAnswer {
  readonly errorCode: number;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** FindCoordinator v2. `keyType`: 0 for a group, 1 for a transactional id. */
export function findCoordinator({
  key,
  keyType,
}: {
  readonly key: string;
  readonly keyType: 0 | 1;
}): Message<FindCoordinatorAnswer> {
  return message({
    apiName: 'FindCoordinator',
    apiKey: 10,
    apiVersion: 2,
    write: (writer) => {
      writer.string(key).int8(keyType);
    },
    read: (reader) => {
      reader.throttleTime();
      const errorCode = reader.int16();
      reader.nullableString();
      return { errorCode, nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
    },
  });
}
