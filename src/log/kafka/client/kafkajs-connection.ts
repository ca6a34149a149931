import type { Socket } from 'node:net';
import type { BrokerAddress } from '../cluster/broker-connection.ts';
import type { ConnectionOptions, KafkaLogger } from './connection-options.ts';
import { loadCorrected } from './corrected.ts';

/** The oldest and the newest version of an API that a broker speaks. */
export interface ApiVersion {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** What is used of kafkajs's Connection (src/network/connection.js). */
export interface KafkajsConnection {
  readonly socket?: Socket | null;
  connect(): Promise<unknown>;
  authenticate(): Promise<void>;
  disconnect(): Promise<unknown>;
  isConnected(): boolean;
  setVersions(versions: Readonly<Record<number, ApiVersion>>): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  rejectRequests(error: unknown): void;
  send(exchange: { request: object; response: object; logResponseError?: boolean }): Promise<unknown>;
}

/** A connection that is not open yet. Time limits are the caller's: it has no timer of its own but the one for connecting. */
export function createConnection(
  { host, port }: BrokerAddress,
  connectionTimeout: number,
  { clientId, tls = false, sasl, logger }: ConnectionOptions,
): KafkajsConnection {
  const Connection = loadCorrected('src/network/connection') as new (options: object) => KafkajsConnection;
  const createFactory = loadCorrected('src/network/socketFactory') as () => unknown;
  return new Connection({
    host,
    port,
    clientId,
    ssl: tls === true ? {} : tls || null,
    // kafkajs keeps its authenticator in the object that it is given.
    sasl: sasl === undefined ? null : { ...sasl },
    connectionTimeout,
    requestTimeout: connectionTimeout,
    enforceRequestTimeout: false,
    maxInFlightRequests: null,
    socketFactory: createFactory(),
    logger: kafkajsLogger(logger),
  });
}

/** Asks a broker which APIs it speaks, in version 2 of that request, which every broker since Kafka 2.0 knows. */
export async function askApiVersions(connection: KafkajsConnection): Promise<ReadonlyMap<number, ApiVersion>> {
  const { requests } = loadCorrected('src/protocol/requests') as Requests;
  const answer = (await connection.send(requests.ApiVersions.protocol({ version: 2 })())) as ApiVersionsAnswer;
  return new Map(answer.apiVersions.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { minVersion, maxVersion }]));
}

/** kafkajs's logger over one of pino's shape; its debug lines are made only where there is somebody to read them. */
export function kafkajsLogger(logger: KafkaLogger | undefined): unknown {
  const { createLogger, LEVELS } = loadCorrected('src/loggers') as Loggers;
  const level = logger === undefined ? LEVELS.NOTHING : logger.debug === undefined ? LEVELS.INFO : LEVELS.DEBUG;
  return createLogger({ level, logCreator: () => (entry) => pass(entry, logger, LEVELS) });
}

function pass({ namespace, level, log }: LogEntry, logger: KafkaLogger | undefined, levels: Levels): void {
  if (logger === undefined) return;
  const { message, timestamp: _timestamp, logger: _name, ...fields } = log;
  const told = { ...fields, part: `kafkajs ${namespace}` };
  if (level === levels.ERROR || level === levels.WARN) logger.warn(told, message);
  else if (level === levels.DEBUG) logger.debug?.(told, message);
  else logger.info(told, message);
}

interface Requests {
  readonly requests: {
    readonly ApiVersions: { protocol(options: { version: number }): () => { request: object; response: object } };
  };
}

interface ApiVersionsAnswer {
  readonly apiVersions: readonly (ApiVersion & { readonly apiKey: number })[];
}

interface LogEntry {
  readonly namespace: string;
  readonly level: number;
  readonly log: { readonly message: string; readonly [field: string]: unknown };
}

interface Levels {
  readonly NOTHING: number;
  readonly ERROR: number;
  readonly WARN: number;
  readonly INFO: number;
  readonly DEBUG: number;
}

interface Loggers {
  createLogger(options: { level: number; logCreator: () => (entry: LogEntry) => void }): unknown;
  readonly LEVELS: Levels;
}
