import type { TopicPartition } from '../../../record.ts';
import type { Message } from '../../cluster/broker-connection.ts';
import type { AnswerReader } from '../answer-reader.ts';
import { byTopic, message } from '../message.ts';

export interface FetchRequest {
  /** The broker holds its answer until there are `minBytes`, and so long at most. */
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolation: Isolation;
  /** In the order in which they are to be served: the first that has records always gets some. */
  readonly partitions: readonly FetchRequestPartition[];
}

export type Isolation = 'read_committed' | 'read_uncommitted';

export interface FetchRequestPartition extends TopicPartition {
  /** Which topic of that name: the broker refuses another one (KIP-516). */
  readonly topicId: string;
  readonly fetchOffset: number;
  readonly maxBytes: number;
}

export interface FetchAnswer {
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Record batches as they lie in the log, the last one possibly cut: a view of the answer. */
  readonly recordSet: Buffer | null;
}

/** Batches of this producer from `firstOffset` to its next abort marker are aborted. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

const CONSUMER = -1;
const NO_SESSION = 0;
const FINAL_EPOCH = -1;
const NO_LEADER_EPOCH = -1;
const NO_LOG_START = -1;

export function isolationByte(isolation: Isolation): number {
  return isolation === 'read_committed' ? 1 : 0;
}

/** Fetch v13 (KIP-516: topics by their ids), without a session. */
export function fetch(request: FetchRequest): Message<FetchAnswer> {
  const topicOf = new Map(request.partitions.map(({ topicId, topic }) => [topicId, topic]));
  return message({
    apiName: 'Fetch',
    apiKey: 1,
    apiVersion: 13,
    isFlexible: true,
    write: (writer) => {
      writer.int32(CONSUMER).int32(request.maxWaitMs).int32(request.minBytes).int32(request.maxBytes);
      writer.int8(isolationByte(request.isolation)).int32(NO_SESSION).int32(FINAL_EPOCH);
      writer.compactArray(byTopic(request.partitions), ([, partitions]) => {
        writer.uuid(partitions[0]!.topicId).compactArray(partitions, ({ partition, fetchOffset, maxBytes }) => {
          writer.int32(partition).int32(NO_LEADER_EPOCH).int64(fetchOffset).int32(NO_LEADER_EPOCH);
          writer.int64(NO_LOG_START).int32(maxBytes).noTags();
        });
        writer.noTags();
      });
      writer
        .compactArray([], () => {})
        .compactString('')
        .noTags();
    },
    read: (reader) => {
      reader.throttleTime();
      const errorCode = reader.int16();
      reader.int32();
      const partitions = reader.compactArray(() => {
        const topic = topicOf.get(reader.uuid()) ?? '';
        const found = reader.compactArray(() => readPartition(reader, topic));
        reader.tags();
        return found;
      });
      reader.tags();
      return { errorCode, partitions: partitions.flat() };
    },
  });
}

function readPartition(reader: AnswerReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.offset();
  const lastStableOffset = reader.offset();
  const logStartOffset = reader.offset();
  const abortedTransactions = reader.compactArray(() => {
    const each = { producerId: reader.int64(), firstOffset: reader.offset() };
    reader.tags();
    return each;
  });
  reader.int32();
  const recordSet = reader.compactNullableBytes();
  reader.tags();
  const offsets = { highWatermark, lastStableOffset, logStartOffset };
  return { topic, partition, errorCode, ...offsets, abortedTransactions, recordSet };
}
