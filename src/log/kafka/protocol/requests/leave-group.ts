import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface LeaveGroupRequest {
  readonly group: string;
  /** A member id that is not the present one of the instance is refused with FENCED_INSTANCE_ID; an empty one removes whoever it is. */
  readonly members: readonly { readonly memberId: string; readonly instanceId: string | null }[];
}

export interface LeaveGroupAnswer {
  readonly errorCode: number;
  readonly members: readonly { readonly memberId: string; readonly errorCode: number }[];
}

/** LeaveGroup v3 (KIP-345: several members, static ones too). */
export function leaveGroup(request: LeaveGroupRequest): Message<LeaveGroupAnswer> {
  return message({
    apiName: 'LeaveGroup',
    apiKey: 13,
    apiVersion: 3,
    write: (writer) => {
      writer.string(request.group).array(request.members, ({ memberId, instanceId }) => {
        writer.string(memberId).nullableString(instanceId);
      });
    },
    read: (reader) => {
      reader.throttleTime();
      const errorCode = reader.int16();
      const members = reader.array(() => {
        const memberId = reader.string();
        reader.nullableString();
        return { memberId, errorCode: reader.int16() };
      });
      return { errorCode, members };
    },
  });
}
