import type { GroupOffset } from '../../../log.ts';
import type { TopicPartition } from '../../../record.ts';
import type { Message } from '../../cluster/broker-connection.ts';
import { byTopic, message } from '../message.ts';

export interface DeleteRecordsRequest {
  /** What is before each offset is to go; at most up to the high watermark. */
  readonly partitions: readonly GroupOffset[];
  /** How long the leader waits until the followers have deleted as well. */
  readonly timeoutMs: number;
}

export interface DeletedRecords extends TopicPartition {
  readonly errorCode: number;
  /** The first offset that every replica still has. */
  readonly lowWatermark: number;
}

/** DeleteRecords v1 (KIP-107), to the leader of the partitions. */
export function deleteRecords(
  request: DeleteRecordsRequest,
): Message<{ readonly partitions: readonly DeletedRecords[] }> {
  return message({
    apiName: 'DeleteRecords',
    apiKey: 21,
    apiVersion: 1,
    write: (writer) => {
      writer.array(byTopic(request.partitions), ([topic, partitions]) => {
        writer.string(topic).array(partitions, ({ partition, offset }) => writer.int32(partition).int64(offset));
      });
      writer.int32(request.timeoutMs);
    },
    read: (reader) => {
      reader.throttleTime();
      const partitions = reader.array(() => {
        const topic = reader.string();
        return reader.array((): DeletedRecords => {
          const partition = reader.int32();
          const lowWatermark = reader.offset();
          return { topic, partition, lowWatermark, errorCode: reader.int16() };
        });
      });
      return { partitions: partitions.flat() };
    },
  });
}
