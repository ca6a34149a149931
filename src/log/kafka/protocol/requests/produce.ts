import type { TopicPartition } from '../../../record.ts';
import type { Message } from '../../cluster/broker-connection.ts';
import { byTopic, message } from '../message.ts';

export interface ProduceRequest {
  readonly transactionalId: string | null;
  /** How long the leader waits for its followers. */
  readonly timeoutMs: number;
  /** One record batch for each partition. */
  readonly partitions: readonly (TopicPartition & { readonly records: Uint8Array })[];
}

export interface ProducedPartition extends TopicPartition {
  readonly errorCode: number;
  /** The offset of the batch's first record, -1 where the broker does not know it any more. */
  readonly baseOffset: number;
}

const ALL_IN_SYNC_REPLICAS = -1;
/** No less than what stands around the records of a request and of each partition, beside names (of 3 bytes a character at most). */
const REQUEST_OVERHEAD_BYTES = 64;
const PARTITION_OVERHEAD_BYTES = 64;

/** Produce v7: acknowledged by all in-sync replicas. */
export function produce(request: ProduceRequest): Message<{ readonly partitions: readonly ProducedPartition[] }> {
  return message({
    apiName: 'Produce',
    apiKey: 0,
    apiVersion: 7,
    byteLength: request.partitions.reduce(
      (sum, { topic, records }) => sum + records.length + 3 * topic.length + PARTITION_OVERHEAD_BYTES,
      REQUEST_OVERHEAD_BYTES + 3 * (request.transactionalId?.length ?? 0),
    ),
    write: (writer) => {
      writer.nullableString(request.transactionalId).int16(ALL_IN_SYNC_REPLICAS).int32(request.timeoutMs);
      writer.array(byTopic(request.partitions), ([topic, partitions]) => {
        writer.string(topic).array(partitions, ({ partition, records }) => {
          writer.int32(partition).bytes(records);
        });
      });
    },
    read: (reader) => {
      const partitions = reader.array(() => {
        const topic = reader.string();
        return reader.array((): ProducedPartition => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          const baseOffset = reader.offset();
          reader.int64();
          reader.int64();
          return { topic, partition, errorCode, baseOffset };
        });
      });
      reader.throttleTime();
      return { partitions: partitions.flat() };
    },
  });
}
