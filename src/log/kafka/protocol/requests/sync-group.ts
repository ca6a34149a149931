import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface SyncGroupRequest {
  readonly group: string;
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  /** From the leader only. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
}

export interface SyncGroupAnswer {
  readonly errorCode: number;
  readonly assignment: Buffer;
}

/** SyncGroup v3. */
export function syncGroup(request: SyncGroupRequest): Message<SyncGroupAnswer> {
  return message({
    apiName: 'SyncGroup',
    apiKey: 14,
    apiVersion: 3,
    write: (writer) => {
      writer
        .string(request.group)
        .int32(request.generation)
        .string(request.memberId)
        .nullableString(request.instanceId);
      writer.array(request.assignments, ({ memberId, assignment }) => {
        writer.string(memberId).bytes(assignment);
      });
    },
    read: (reader) => {
      reader.throttleTime();
      return { errorCode: reader.int16(), assignment: reader.bytes() };
    },
  });
}
