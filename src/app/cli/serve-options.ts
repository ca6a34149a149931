import type { Command } from 'commander';
import { HeadraceError } from '../../errors.ts';
import type { ServeApiOptions } from '../http/serve-node.ts';
import { wholeNumber } from './numbers.ts';

/** More than any machine answers. */
const REQUESTS_PER_SECOND_MAX = 1_000_000;

/** Options of commands that serve the public API; each may also stand in the environment. */
export interface ServeOptionValues {
  readonly host?: string;
  readonly apiKeys?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly rateLimit?: number;
  readonly advertise?: string;
}

export function withServeOptions(command: Command): Command {
  return command
    .option('--host <address>', 'serve HTTP at this address (127.0.0.1, or $HEADRACE_HOST); others need --api-keys')
    .option('--api-keys <file>', 'lines name:SHA-256 of the keys of those who may ask ($HEADRACE_API_KEYS)')
    .option('--tls-cert <file>', 'serve HTTPS with this certificate, PEM ($HEADRACE_TLS_CERT)')
    .option('--tls-key <file>', 'and this key, PEM ($HEADRACE_TLS_KEY)')
    .option(
      '--advertise <url>',
      'on Kafka: where the other instances reach this one for state that it owns (where it listens, or $HEADRACE_ADVERTISE)',
    )
    .option(
      '--rate-limit <n>',
      'HTTP requests a second of one client (20000)',
      wholeNumber(1, REQUESTS_PER_SECOND_MAX),
    );
}

/** Throws USAGE where one of certificate and key is missing. */
export function serveApiOptions(values: ServeOptionValues, environment = process.env): ServeApiOptions {
  const certificate = values.tlsCert ?? environment.HEADRACE_TLS_CERT;
  const key = values.tlsKey ?? environment.HEADRACE_TLS_KEY;
  if ((certificate === undefined) !== (key === undefined)) {
    throw new HeadraceError('USAGE', 'HTTPS needs both: --tls-cert and --tls-key');
  }
  const { rateLimit } = values;
  return {
    host: values.host ?? environment.HEADRACE_HOST,
    advertise: values.advertise ?? environment.HEADRACE_ADVERTISE,
    apiKeysFile: values.apiKeys ?? environment.HEADRACE_API_KEYS,
    ...(certificate === undefined || key === undefined ? {} : { tls: { certificate, key } }),
    ...(rateLimit === undefined ? {} : { limits: { requestsPerSecond: rateLimit, burst: rateLimit } }),
  };
}
