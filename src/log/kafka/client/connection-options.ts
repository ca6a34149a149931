import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';

/** What a connection logs through; pino's loggers fit. */
export interface KafkaLogger {
  debug?(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/**
 * How the credentials are given: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 with a user and a password, OAUTHBEARER with a function that
 * fetches a token.
 */
export type KafkaSasl = Exclude<SASLOptions, { mechanism: 'aws' }>;

export interface ConnectionOptions {
  /** How brokers name the client in their logs, quotas and metrics. */
  readonly clientId: string;
  /** TLS, with the options of `tls.connect`; true for its defaults. Not encrypted unless given. */
  readonly tls?: TlsOptions | boolean;
  readonly sasl?: KafkaSasl;
  /** How long reaching the broker may take, its handshakes and the authentication included (10,000). */
  readonly connectionTimeoutMs?: number;
  /** Silent unless given. */
  readonly logger?: KafkaLogger;
}

export const CONNECTION_TIMEOUT_MS = 10_000;
