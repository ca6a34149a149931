import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface CreateTopicsRequest {
  readonly topics: readonly NewTopic[];
  /** Only checks. */
  readonly validateOnly: boolean;
  readonly timeoutMs: number;
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface CreateTopicsAnswer {
  readonly topics: readonly {
    readonly name: string;
    readonly errorCode: number;
    readonly errorMessage: string | null;
  }[];
}

/** The broker's default.replication.factor (KIP-464). */
const DEFAULT_REPLICATION = -1;

/** CreateTopics v4. */
export function createTopics(request: CreateTopicsRequest): Message<CreateTopicsAnswer> {
  return message({
    apiName: 'CreateTopics',
    apiKey: 19,
    apiVersion: 4,
    write: (writer) => {
      writer.array(request.topics, ({ name, partitions, config }) => {
        writer
          .string(name)
          .int32(partitions)
          .int16(DEFAULT_REPLICATION)
          .array([], () => {});
        writer.array(Object.entries(config), ([key, value]) => writer.string(key).nullableString(value));
      });
      writer.int32(request.timeoutMs).boolean(request.validateOnly);
    },
    read: (reader) => {
      reader.throttleTime();
      const topics = reader.array(() => ({
        name: reader.string(),
        errorCode: reader.int16(),
        errorMessage: reader.nullableString(),
      }));
      return { topics };
    },
  });
}
