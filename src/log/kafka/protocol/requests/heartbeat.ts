import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface HeartbeatRequest {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
}

/** Heartbeat v3. */
export function heartbeat(request: HeartbeatRequest): Message<{ readonly errorCode: number }> {
  return message({
    apiName: 'Heartbeat',
    apiKey: 12,
    apiVersion: 3,
    write: (writer) => {
      writer
        .string(request.group)
        .int32(request.generation)
        .string(request.memberId)
        .nullableString(request.instanceId);
    },
    read: (reader) => {
      reader.throttleTime();
      return { errorCode: reader.int16() };
    },
  });
}
