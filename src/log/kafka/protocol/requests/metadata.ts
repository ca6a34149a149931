import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface MetadataRequest {
  /** Null for all. Topics that are not there are not created by asking. */
  readonly topics: readonly string[] | null;
}

export interface MetadataAnswer {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

export interface TopicMetadata {
  readonly errorCode: number;
  readonly name: string | null;
  /** base64url, as Kafka's tools print it. */
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly { readonly errorCode: number; readonly partition: number; readonly leader: number }[];
}

const NO_ID = '';

/** Metadata v12 (KIP-516: topic ids). */
export function metadata({ topics }: MetadataRequest): Message<MetadataAnswer> {
  return message({
    apiName: 'Metadata',
    apiKey: 3,
    apiVersion: 12,
    isFlexible: true,
    write: (writer) => {
      writer.compactArray(topics, (name) => {
        writer.uuid(NO_ID).compactNullableString(name).noTags();
      });
      writer.boolean(false).boolean(false).noTags();
    },
    read: (reader) => {
      reader.throttleTime();
      const brokers = reader.compactArray(() => {
        const broker = { nodeId: reader.int32(), host: reader.compactString(), port: reader.int32() };
        reader.compactNullableString();
        reader.tags();
        return broker;
      });
      reader.compactNullableString();
      const controllerId = reader.int32();
      const topicsFound = reader.compactArray((): TopicMetadata => {
        const errorCode = reader.int16();
        const name = reader.compactNullableString();
        const topicId = reader.uuid();
        const isInternal = reader.boolean();
        const partitions = reader.compactArray(() => {
          const found = { errorCode: reader.int16(), partition: reader.int32(), leader: reader.int32() };
          reader.int32();
          for (let list = 0; list < 3; list++) reader.compactArray(() => reader.int32());
          reader.tags();
          return found;
        });
        reader.int32();
        reader.tags();
        return { errorCode, name, topicId, isInternal, partitions };
      });
      reader.tags();
      return { brokers, controllerId, topics: topicsFound };
    },
  });
}
