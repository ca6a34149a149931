import type { Socket } from 'node:net';
import type { LoadModule } from '../../../../src/log/kafka/client/kafkajs-package.ts';
import { quietLogger } from './libraries.ts';
import { API } from './prepared-broker.ts';

/** kafkajs's own Connection, as its clients use it. */
export interface Connection {
  readonly socket: Socket;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  authenticate(): Promise<void>;
  isConnected(): boolean;
  setVersions(versions: object): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  send(exchange: object): Promise<unknown>;
}

/** A connection that is not open yet, with the defaults of kafkajs's clients. */
export function connectionTo(load: LoadModule, port: number, options: object = {}): Connection {
  const Connection = load('src/network/connection') as new (options: object) => Connection;
  const createFactory = load('src/network/socketFactory') as () => unknown;
  return new Connection({
    host: '127.0.0.1',
    port,
    clientId: 'test',
    connectionTimeout: 2_000,
    requestTimeout: 30_000,
    socketFactory: createFactory(),
    logger: quietLogger(load),
    ...options,
  });
}

/** A request whose answer is the text that the broker was told to give. */
export function askingFor(load: LoadModule, text: string): object {
  const Encoder = load('src/protocol/encoder') as new () => { writeBuffer(bytes: Buffer): unknown };
  return {
    request: {
      apiKey: API.metadata,
      apiVersion: 1,
      apiName: 'Metadata',
      encode: async () => new Encoder().writeBuffer(Buffer.from(text)),
    },
    response: { decode: async (raw: Buffer) => raw.toString(), parse: async (decoded: unknown) => decoded },
  };
}
