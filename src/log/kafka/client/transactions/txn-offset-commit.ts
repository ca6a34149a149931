import { message } from '../../protocol/message.ts';

/** What kafkajs's `txnOffsetCommit` is given, and who commits. */
export interface TxnOffsetCommit {
  readonly transactionalId: string;
  readonly groupId: string;
  readonly producerId: string | number;
  readonly producerEpoch: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly offset: string | number;
      readonly metadata?: string | null;
    }[];
  }[];
  readonly generationId?: number;
  readonly memberId?: string;
  readonly groupInstanceId?: string | null;
}

const UNCHECKED_GENERATION = -1;
const NO_LEADER_EPOCH = -1;

/** TxnOffsetCommit v3 with what kafkajs expects of an answer: the first partition's error is thrown. */
export function txnOffsetCommit(wanted: TxnOffsetCommit, errorFrom: (code: number) => Error) {
  const { request, response } = message({
    apiName: 'TxnOffsetCommit',
    apiKey: 28,
    apiVersion: 3,
    isFlexible: true,
    write: (writer) => {
      writer.compactString(wanted.transactionalId).compactString(wanted.groupId);
      writer.int64(BigInt(wanted.producerId)).int16(wanted.producerEpoch);
      writer.int32(wanted.generationId ?? UNCHECKED_GENERATION).compactString(wanted.memberId ?? '');
      writer.compactNullableString(wanted.groupInstanceId ?? null);
      writer.compactArray(wanted.topics, ({ topic, partitions }) => {
        writer.compactString(topic);
        writer.compactArray(partitions, ({ partition, offset, metadata = null }) => {
          writer.int32(partition).int64(BigInt(offset)).int32(NO_LEADER_EPOCH);
          writer.compactNullableString(metadata).noTags();
        });
        writer.noTags();
      });
      writer.noTags();
    },
    read: (reader) => {
      const clientSideThrottleTime = reader.int32();
      const topics = reader.compactArray(() => {
        const topic = reader.compactString();
        const partitions = reader.compactArray(() => {
          const each = { partition: reader.int32(), errorCode: reader.int16() };
          reader.tags();
          return each;
        });
        reader.tags();
        return { topic, partitions };
      });
      reader.tags();
      return { throttleTime: 0, clientSideThrottleTime, topics };
    },
  });
  const parse = async (data: unknown) => {
    const answer = await response.parse(data);
    const failed = answer.topics.flatMap(({ partitions }) => partitions).find(({ errorCode }) => errorCode !== 0);
    if (failed !== undefined) throw errorFrom(failed.errorCode);
    return answer;
  };
  return { request, response: { decode: response.decode, parse } };
}
