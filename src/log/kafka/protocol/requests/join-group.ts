import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface JoinGroupRequest {
  readonly group: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Empty at the first join. */
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly protocolType: string;
  readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[];
}

export interface JoinGroupAnswer {
  readonly errorCode: number;
  readonly generation: number;
  readonly protocolName: string;
  /** The member id of the leader; it alone gets the members. */
  readonly leader: string;
  readonly memberId: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly metadata: Buffer;
  }[];
}

/** JoinGroup v5 (KIP-345: static members). */
export function joinGroup(request: JoinGroupRequest): Message<JoinGroupAnswer> {
  return message({
    apiName: 'JoinGroup',
    apiKey: 11,
    apiVersion: 5,
    write: (writer) => {
      writer.string(request.group).int32(request.sessionTimeoutMs).int32(request.rebalanceTimeoutMs);
      writer.string(request.memberId).nullableString(request.instanceId).string(request.protocolType);
      writer.array(request.protocols, ({ name, metadata }) => {
        writer.string(name).bytes(metadata);
      });
    },
    read: (reader) => {
      reader.throttleTime();
      return {
        errorCode: reader.int16(),
        generation: reader.int32(),
        protocolName: reader.string(),
        leader: reader.string(),
        memberId: reader.string(),
        members: reader.array(() => ({
          memberId: reader.string(),
          instanceId: reader.nullableString(),
          metadata: reader.bytes(),
        })),
      };
    },
  });
}
