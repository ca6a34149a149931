import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import { EmbeddedLog } from '../log/embedded/embedded-log.ts';
import type { ConnectionOptions, KafkaSasl } from '../log/kafka/client/connection-options.ts';
import { openKafkaLog } from '../log/kafka/open-kafka-log.ts';
import type { StateExchange } from '../log/kafka/queries/state-exchange.ts';
import type { Log } from '../log/log.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { AppLogger } from './logger.ts';
import type { Restores } from './restores.ts';

export interface OpenLogOptions {
  /** The log takes it over: its `close` gives it up. */
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly logger: AppLogger;
  /** Brokers of Apache Kafka, HOST:PORT[,...]; without it the log is in the data directory. */
  readonly kafka?: string | undefined;
  /** On Kafka: who this is to the groups; kept in the data directory unless given. */
  readonly instance?: string | undefined;
  readonly readBytesMax?: number | undefined;
  /** On Kafka: copies of each partition's state that are kept on other instances (0). */
  readonly standbys?: number | undefined;
  readonly onStep?: ((step: string) => void) | undefined;
  /** On Kafka: how instances ask each other for state. */
  readonly exchange?: StateExchange | undefined;
  /** Told of each thing that passes by itself; the logger hears of the same one every few seconds only. */
  readonly onFault: (error: HeadraceError) => void;
  /** On Kafka: told how restores get on. */
  readonly restores?: Restores | undefined;
}

/** What repeats itself while a broker is away is told so often at most. */
const FAULT_INTERVAL_MS = 5_000;
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The log in the data directory, or on Apache Kafka with its local state there. Throws USAGE for what is wrong in options or environment. */
export function openLog(options: OpenLogOptions): Log {
  const { directory, clock, logger, kafka, instance, readBytesMax, standbys, onStep, onFault, restores, exchange } =
    options;
  requireSameKind(directory, kafka === undefined ? 'embedded' : 'kafka');
  const steps = onStep === undefined ? {} : { onStep: (step: string) => onStep(`log:${step}`) };
  if (kafka === undefined) {
    const onMaintenanceError = (error: HeadraceError) => {
      onFault(error);
      logger.warn({ code: error.code }, error.message);
    };
    return new EmbeddedLog({ directory, clock, onMaintenanceError, ...steps });
  }
  const told = new Map<string, number>();
  return openKafkaLog({
    brokers: kafka,
    connection: connectionFrom(process.env),
    directory,
    newInstance: randomUUID,
    instance,
    ...(readBytesMax === undefined ? {} : { readBytesMax }),
    ...(exchange === undefined ? {} : { exchange }),
    ...(standbys === undefined ? {} : { standbyReplicas: standbys }),
    clock,
    startTimer: (delayMs, action) => {
      const timer = setTimeout(action, Math.min(delayMs, TIMER_MAX_MS));
      return () => clearTimeout(timer);
    },
    onFault: (error) => {
      onFault(error);
      const now = clock();
      if (now - (told.get(error.message) ?? Number.NEGATIVE_INFINITY) < FAULT_INTERVAL_MS) return;
      told.set(error.message, now);
      logger.warn({ code: error.code }, error.message);
    },
    onRestore: (progress) => restores?.note(progress),
    onRebuild: ({ topic, partition }, because) =>
      logger.warn({ topic, partition }, `The local state is built anew from its changelog: ${because}`),
    ...steps,
  });
}

/** A directory belongs to one kind of log for good: the other one's records are not where its state says. */
function requireSameKind(directory: DataDirectory, kind: 'embedded' | 'kafka'): void {
  const before = directory.logKind;
  if (before === kind) return;
  if (before !== undefined) {
    const advice = before === 'kafka' ? 'name its brokers with --kafka' : 'leave --kafka away';
    throw new HeadraceError(
      'USAGE',
      `The data directory ${directory.path} was made ${before === 'kafka' ? 'for a log on Kafka' : 'with the log in it'}: ${advice}, or choose another directory with --data`,
    );
  }
  directory.setLogKind(kind);
}

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const;

/** TLS and credentials stand in the environment, where a list of processes does not show them. */
function connectionFrom(environment: NodeJS.ProcessEnv): ConnectionOptions {
  const tls = environment.HEADRACE_KAFKA_TLS;
  const sasl = saslFrom(environment);
  return {
    clientId: 'headrace',
    ...(tls === undefined || tls === '' || tls === 'false' ? {} : { tls: tls === 'true' ? true : { ca: fileAt(tls) } }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function saslFrom(environment: NodeJS.ProcessEnv): KafkaSasl | undefined {
  const mechanism = environment.HEADRACE_KAFKA_SASL;
  if (mechanism === undefined || mechanism === '') return undefined;
  const { HEADRACE_KAFKA_USER: username, HEADRACE_KAFKA_PASSWORD: password } = environment;
  const known = MECHANISMS.find((each) => each === mechanism);
  if (known === undefined) {
    throw new HeadraceError(
      'USAGE',
      `HEADRACE_KAFKA_SASL is ${JSON.stringify(mechanism)}; it is one of ${MECHANISMS.join(', ')}`,
    );
  }
  if (known === 'oauthbearer') {
    const file = environment.HEADRACE_KAFKA_TOKEN_FILE;
    if (file === undefined)
      throw new HeadraceError('USAGE', 'OAUTHBEARER wants HEADRACE_KAFKA_TOKEN_FILE, a file with the token');
    // Read at each authentication: whoever renews tokens writes the file anew.
    return { mechanism: known, oauthBearerProvider: async () => ({ value: fileAt(file).trim() }) };
  }
  if (username === undefined || password === undefined) {
    throw new HeadraceError('USAGE', `${known} wants HEADRACE_KAFKA_USER and HEADRACE_KAFKA_PASSWORD`);
  }
  return { mechanism: known, username, password };
}

function fileAt(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new HeadraceError('INPUT_NOT_FOUND', `${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
}
