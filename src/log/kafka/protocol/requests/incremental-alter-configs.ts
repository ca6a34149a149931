import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface IncrementalAlterConfigsRequest {
  readonly topics: readonly string[];
  /** What is set for each of them; all else stays as it is. */
  readonly config: Readonly<Record<string, string>>;
}

export interface IncrementalAlterConfigsAnswer {
  readonly topics: readonly {
    readonly name: string;
    readonly errorCode: number;
    readonly errorMessage: string | null;
  }[];
}

const TOPIC = 2;
const SET = 0;

/** IncrementalAlterConfigs v0 (KIP-339), of topics. */
export function incrementalAlterConfigs(
  request: IncrementalAlterConfigsRequest,
): Message<IncrementalAlterConfigsAnswer> {
  return message({
    apiName: 'IncrementalAlterConfigs',
    apiKey: 44,
    apiVersion: 0,
    write: (writer) => {
      writer.array(request.topics, (name) => {
        writer
          .int8(TOPIC)
          .string(name)
          .array(Object.entries(request.config), ([key, value]) => writer.string(key).int8(SET).nullableString(value));
      });
      writer.boolean(false);
    },
    read: (reader) => {
      reader.throttleTime();
      const topics = reader.array(() => {
        const [errorCode, errorMessage] = [reader.int16(), reader.nullableString()];
        reader.int8();
        return { name: reader.string(), errorCode, errorMessage };
      });
      return { topics };
    },
  });
}
