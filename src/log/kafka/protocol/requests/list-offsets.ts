import type { TopicPartition } from '../../../record.ts';
import type { Message } from '../../cluster/broker-connection.ts';
import { byTopic, message } from '../message.ts';
import { type Isolation, isolationByte } from './fetch.ts';

export interface ListOffsetsRequest {
  /** With read_committed the end is the last stable offset, else the high watermark. */
  readonly isolation: Isolation;
  /** Milliseconds since 1970, or one of the places below. */
  readonly partitions: readonly (TopicPartition & { readonly timestamp: number })[];
}

export interface ListedOffset extends TopicPartition {
  readonly errorCode: number;
  /** The first offset at or after the timestamp, -1 where there is none. */
  readonly offset: number;
}

export const LATEST = -1;
export const EARLIEST = -2;

const CONSUMER = -1;
const NO_LEADER_EPOCH = -1;

/** ListOffsets v5. */
export function listOffsets(request: ListOffsetsRequest): Message<{ readonly partitions: readonly ListedOffset[] }> {
  return message({
    apiName: 'ListOffsets',
    apiKey: 2,
    apiVersion: 5,
    write: (writer) => {
      writer.int32(CONSUMER).int8(isolationByte(request.isolation));
      writer.array(byTopic(request.partitions), ([topic, partitions]) => {
        writer.string(topic).array(partitions, ({ partition, timestamp }) => {
          writer.int32(partition).int32(NO_LEADER_EPOCH).int64(timestamp);
        });
      });
    },
    read: (reader) => {
      reader.throttleTime();
      const partitions = reader.array(() => {
        const topic = reader.string();
        return reader.array((): ListedOffset => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          reader.int64();
          const offset = reader.offset();
          reader.int32();
          return { topic, partition, errorCode, offset };
        });
      });
      return { partitions: partitions.flat() };
    },
  });
}
