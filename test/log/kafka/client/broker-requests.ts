import type { LoadModule } from '../../../../src/log/kafka/client/kafkajs-package.ts';
import { quietLogger } from './libraries.ts';

interface Exchange {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    encode(): Promise<{ readonly buffer: Buffer }>;
  };
  readonly response: { decode(bytes: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
}

export interface SentRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly body: Buffer;
}

/** kafkajs's Broker over a connection that keeps what it is sent and answers with the bytes that it is told, one after the other. */
export function brokerAnswering<Broker>(load: LoadModule, answers: readonly Buffer[]) {
  const sent: SentRequest[] = [];
  const connectionPool = {
    host: 'localhost',
    port: 9092,
    connectionTimeout: 1_000,
    send: async ({ request, response }: Exchange) => {
      const answer = answers[Math.min(sent.length, answers.length - 1)] ?? Buffer.alloc(0);
      sent.push({ apiKey: request.apiKey, apiVersion: request.apiVersion, body: (await request.encode()).buffer });
      return response.parse(await response.decode(answer));
    },
  };
  const BrokerClass = load('src/broker') as new (options: object) => Broker & { lookupRequest: unknown };
  const broker = new BrokerClass({ connectionPool, logger: quietLogger(load) });
  const { lookup } = load('src/protocol/requests') as { lookup(versions: object): unknown };
  // A broker of Kafka 4.1 speaks newer versions of all of these than kafkajs does.
  broker.lookupRequest = lookup(
    Object.fromEntries(Array.from({ length: 60 }, (_, key) => [key, { minVersion: 0, maxVersion: 30 }])),
  );
  return { broker: broker as Broker, sent };
}
