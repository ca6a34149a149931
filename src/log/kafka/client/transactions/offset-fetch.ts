import { message } from '../../protocol/message.ts';

/** What kafkajs's `offsetFetch` is given; no topics means all. */
export interface OffsetFetch {
  readonly groupId: string;
  readonly topics:
    | readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number }[] }[]
    | null;
}

/**
 * OffsetFetch v7 that wants stable offsets, with what kafkajs expects of an answer: the first error is thrown, of the group or of a
 * partition. UNSTABLE_OFFSET_COMMIT says that a transaction with offsets of that partition is under way.
 */
export function stableOffsetFetch({ groupId, topics }: OffsetFetch, errorFrom: (code: number) => Error) {
  const { request, response } = message({
    apiName: 'OffsetFetch',
    apiKey: 9,
    apiVersion: 7,
    isFlexible: true,
    write: (writer) => {
      writer.compactString(groupId);
      writer.compactArray(topics, ({ topic, partitions }) => {
        writer.compactString(topic);
        writer.compactArray(partitions, ({ partition }) => {
          writer.int32(partition);
        });
        writer.noTags();
      });
      writer.boolean(true).noTags();
    },
    read: (reader) => {
      const clientSideThrottleTime = reader.int32();
      const responses = reader.compactArray(() => {
        const topic = reader.compactString();
        const partitions = reader.compactArray(() => {
          const partition = reader.int32();
          const offset = reader.int64().toString();
          reader.int32();
          const metadata = reader.compactNullableString();
          const errorCode = reader.int16();
          reader.tags();
          return { partition, offset, metadata, errorCode };
        });
        reader.tags();
        return { topic, partitions };
      });
      const errorCode = reader.int16();
      reader.tags();
      return { throttleTime: 0, clientSideThrottleTime, responses, errorCode };
    },
  });
  const parse = async (data: unknown) => {
    const answer = await response.parse(data);
    const partitionErrors = answer.responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
    const failed = [answer.errorCode, ...partitionErrors].find((code) => code !== 0);
    if (failed !== undefined) throw errorFrom(failed);
    return answer;
  };
  // Asked again as a matter of course: not worth a line in the log each time.
  return { request, response: { decode: response.decode, parse }, logResponseError: false };
}
