import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface DescribedGroup {
  readonly errorCode: number;
  readonly group: string;
  /** Of the classic protocol: `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty`, `Dead` (also of a group that nobody knows). */
  readonly state: string;
  readonly members: readonly DescribedMember[];
}

export interface DescribedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** What it joined with, and what it was given; both empty unless the group is stable. */
  readonly metadata: Buffer;
  readonly assignment: Buffer;
}

/** DescribeGroups v4 (KIP-345: the names of static members). To be sent to the group's coordinator; who asks need not be a member. */
export function describeGroups(groups: readonly string[]): Message<readonly DescribedGroup[]> {
  return message({
    apiName: 'DescribeGroups',
    apiKey: 15,
    apiVersion: 4,
    write: (writer) => {
      writer.array(groups, (group) => writer.string(group)).boolean(false);
    },
    read: (reader) => {
      reader.throttleTime();
      return reader.array(() => {
        const errorCode = reader.int16();
        const group = reader.string();
        const state = reader.string();
        // Type and name of the protocol; then, behind the members, who may do what (KIP-430), which was not asked for.
        reader.string();
        reader.string();
        const members = reader.array(() => {
          const memberId = reader.string();
          const instanceId = reader.nullableString();
          reader.string();
          reader.string();
          return { memberId, instanceId, metadata: reader.bytes(), assignment: reader.bytes() };
        });
        reader.int32();
        return { errorCode, group, state, members };
      });
    },
  });
}
