import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface DescribeConfigsRequest {
  readonly topics: readonly string[];
  readonly keys: readonly string[];
}

export interface DescribeConfigsAnswer {
  readonly topics: readonly {
    readonly name: string;
    readonly errorCode: number;
    readonly errorMessage: string | null;
    readonly config: ReadonlyMap<string, string | null>;
  }[];
}

const TOPIC = 2;

/** DescribeConfigs v3, of topics. */
export function describeConfigs(request: DescribeConfigsRequest): Message<DescribeConfigsAnswer> {
  return message({
    apiName: 'DescribeConfigs',
    apiKey: 32,
    apiVersion: 3,
    write: (writer) => {
      writer.array(request.topics, (name) => {
        writer
          .int8(TOPIC)
          .string(name)
          .array(request.keys, (key) => writer.string(key));
      });
      writer.boolean(false).boolean(false);
    },
    read: (reader) => {
      reader.throttleTime();
      const topics = reader.array(() => {
        const errorCode = reader.int16();
        const errorMessage = reader.nullableString();
        reader.int8();
        const name = reader.string();
        const entries = reader.array(() => {
          const entry = [reader.string(), reader.nullableString()] as const;
          reader.boolean();
          reader.int8();
          reader.boolean();
          reader.array(() => [reader.string(), reader.nullableString(), reader.int8()]);
          reader.int8();
          reader.nullableString();
          return entry;
        });
        return { name, errorCode, errorMessage, config: new Map(entries) };
      });
      return { topics };
    },
  });
}
