import type { GroupOffset } from '../../../log.ts';
import type { Message } from '../../cluster/broker-connection.ts';
import { byTopic, message } from '../message.ts';
import type { OffsetCommitAnswer } from './offset-commit.ts';

/** The metadata is text that the brokers keep beside the offset. */
export type OffsetWithMetadata = GroupOffset & { readonly metadata: string };

export interface TxnOffsetCommitRequest {
  readonly transactionalId: string;
  readonly group: string;
  readonly producerId: bigint;
  readonly epoch: number;
  /** Who commits: the coordinator refuses a member that is not of the present generation (KIP-447). */
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly offsets: readonly OffsetWithMetadata[];
}

const NO_LEADER_EPOCH = -1;

/** TxnOffsetCommit v3. */
export function txnOffsetCommit(request: TxnOffsetCommitRequest): Message<OffsetCommitAnswer> {
  return message({
    apiName: 'TxnOffsetCommit',
    apiKey: 28,
    apiVersion: 3,
    isFlexible: true,
    write: (writer) => {
      writer.compactString(request.transactionalId).compactString(request.group);
      writer.int64(request.producerId).int16(request.epoch).int32(request.generation);
      writer.compactString(request.memberId).compactNullableString(request.instanceId);
      writer.compactArray(byTopic(request.offsets), ([topic, offsets]) => {
        writer.compactString(topic);
        writer.compactArray(offsets, ({ partition, offset, metadata }) => {
          writer.int32(partition).int64(offset).int32(NO_LEADER_EPOCH).compactNullableString(metadata).noTags();
        });
        writer.noTags();
      });
      writer.noTags();
    },
    read: (reader) => {
      reader.throttleTime();
      const partitions = reader.compactArray(() => {
        const topic = reader.compactString();
        const found = reader.compactArray(() => {
          const each = { topic, partition: reader.int32(), errorCode: reader.int16() };
          reader.tags();
          return each;
        });
        reader.tags();
        return found;
      });
      reader.tags();
      return { partitions: partitions.flat() };
    },
  });
}
