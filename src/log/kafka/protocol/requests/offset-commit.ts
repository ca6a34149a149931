import type { GroupOffset } from '../../../log.ts';
import type { TopicPartition } from '../../../record.ts';
import type { Message } from '../../cluster/broker-connection.ts';
import { byTopic, message } from '../message.ts';

export interface OffsetCommitRequest {
  readonly group: string;
  /** -1 with an empty member id: from outside, which a group takes only while it has no members. */
  readonly generation: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly offsets: readonly GroupOffset[];
}

export interface OffsetCommitAnswer {
  readonly partitions: readonly (TopicPartition & { readonly errorCode: number })[];
}

const NO_LEADER_EPOCH = -1;

/** OffsetCommit v7. */
export function offsetCommit(request: OffsetCommitRequest): Message<OffsetCommitAnswer> {
  return message({
    apiName: 'OffsetCommit',
    apiKey: 8,
    apiVersion: 7,
    write: (writer) => {
      writer
        .string(request.group)
        .int32(request.generation)
        .string(request.memberId)
        .nullableString(request.instanceId);
      writer.array(byTopic(request.offsets), ([topic, offsets]) => {
        writer.string(topic).array(offsets, ({ partition, offset }) => {
          writer.int32(partition).int64(offset).int32(NO_LEADER_EPOCH).nullableString('');
        });
      });
    },
    read: (reader) => {
      reader.throttleTime();
      const partitions = reader.array(() => {
        const topic = reader.string();
        return reader.array(() => ({ topic, partition: reader.int32(), errorCode: reader.int16() }));
      });
      return { partitions: partitions.flat() };
    },
  });
}
