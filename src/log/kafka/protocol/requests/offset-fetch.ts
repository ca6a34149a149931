import type { TopicPartition } from '../../../record.ts';
import type { Message } from '../../cluster/broker-connection.ts';
import { byTopic, message } from '../message.ts';

export interface OffsetFetchRequest {
  readonly group: string;
  /** Null for all that the group ever committed. */
  readonly partitions: readonly TopicPartition[] | null;
  /** A partition whose offset is in a transaction under way gets UNSTABLE_OFFSET_COMMIT (KIP-447). */
  readonly requireStable: boolean;
}

export interface OffsetFetchAnswer {
  readonly errorCode: number;
  /** `offset` is -1 where the group has committed none. */
  readonly partitions: readonly FetchedOffset[];
}

export interface FetchedOffset extends TopicPartition {
  readonly errorCode: number;
  readonly offset: number;
  readonly metadata: string;
}

/** OffsetFetch v7. */
export function offsetFetch(request: OffsetFetchRequest): Message<OffsetFetchAnswer> {
  return message({
    apiName: 'OffsetFetch',
    apiKey: 9,
    apiVersion: 7,
    isFlexible: true,
    write: (writer) => {
      writer.compactString(request.group);
      writer.compactArray(request.partitions === null ? null : byTopic(request.partitions), ([topic, partitions]) => {
        writer.compactString(topic);
        writer.compactArray(partitions, ({ partition }) => {
          writer.int32(partition);
        });
        writer.noTags();
      });
      writer.boolean(request.requireStable).noTags();
    },
    read: (reader) => {
      reader.throttleTime();
      const partitions = reader.compactArray(() => {
        const topic = reader.compactString();
        const found = reader.compactArray(() => {
          const [partition, offset] = [reader.int32(), reader.offset()];
          reader.int32();
          const metadata = reader.compactString();
          const errorCode = reader.int16();
          reader.tags();
          return { topic, partition, offset, errorCode, metadata };
        });
        reader.tags();
        return found;
      });
      const errorCode = reader.int16();
      reader.tags();
      return { errorCode, partitions: partitions.flat() };
    },
  });
}
