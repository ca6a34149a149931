import type { Message } from '../cluster/broker-connection.ts';
import { AnswerReader } from './answer-reader.ts';
import { RequestWriter } from './request-writer.ts';

export interface MessageKind<Answer> {
  readonly apiName: string;
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Whether the version is flexible (KIP-482): both headers then end in tagged fields, which kafkajs does not know. */
  readonly isFlexible?: boolean;
  /** What the request takes, where that is much, so that it is not copied while it grows. */
  readonly byteLength?: number;
  readonly write: (writer: RequestWriter) => void;
  readonly read: (reader: AnswerReader) => Answer;
}

interface Decoded<Answer> {
  readonly answer: Answer;
  readonly clientSideThrottleTime: number;
}

/**
 * A request in the shape that kafkajs's connections take. Errors of brokers are fields of the answer, never thrown. Source: the
 * message definitions of Apache Kafka (clients/src/main/resources/common/message).
 */
export function message<Answer>(kind: MessageKind<Answer>): Message<Answer> {
  const { apiName, apiKey, apiVersion, isFlexible = false, byteLength } = kind;
  return {
    request: {
      apiName,
      apiKey,
      apiVersion,
      encode: async () => {
        const writer = new RequestWriter(byteLength);
        if (isFlexible) writer.noTags();
        kind.write(writer);
        return writer;
      },
    },
    response: {
      decode: async (rawData: Buffer) => {
        const reader = new AnswerReader(rawData, apiName);
        if (isFlexible) reader.tags();
        const answer = kind.read(reader);
        // What kafkajs heeds before it hands the answer on (KIP-219).
        return { answer, clientSideThrottleTime: reader.throttleTimeMs } satisfies Decoded<Answer>;
      },
      parse: async (decoded: unknown) => (decoded as Decoded<Answer>).answer,
    },
  };
}

/** Items by topic, as most requests want them. */
export function byTopic<Item extends { readonly topic: string }>(
  items: readonly Item[],
): readonly (readonly [string, readonly Item[]])[] {
  const topics = new Map<string, Item[]>();
  for (const item of items) {
    const group = topics.get(item.topic);
    if (group === undefined) topics.set(item.topic, [item]);
    else group.push(item);
  }
  return [...topics];
}
