import type { TopicPartition } from '../../../record.ts';
import type { Message } from '../../cluster/broker-connection.ts';
import { byTopic, message } from '../message.ts';
import type { OffsetCommitAnswer } from './offset-commit.ts';

export interface AddPartitionsToTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly epoch: number;
  readonly partitions: readonly TopicPartition[];
}

/** AddPartitionsToTxn v1 (KIP-98). */
export function addPartitionsToTxn(request: AddPartitionsToTxnRequest): Message<OffsetCommitAnswer> {
  return message({
    apiName: 'AddPartitionsToTxn',
    apiKey: 24,
    apiVersion: 1,
    write: (writer) => {
      writer.string(request.transactionalId).int64(request.producerId).int16(request.epoch);
      writer.array(byTopic(request.partitions), ([topic, partitions]) => {
        writer.string(topic).array(partitions, ({ partition }) => {
          writer.int32(partition);
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
