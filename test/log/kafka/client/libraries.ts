import type { Correction } from '../../../../src/log/kafka/client/correction.ts';
import { type LoadModule, loadKafkajs } from '../../../../src/log/kafka/client/kafkajs-package.ts';

/** kafkajs as it was published: what each correction's test must fail on. */
export const stock: LoadModule = loadKafkajs([]);

/** kafkajs with one correction, so that its test shows what this one does. */
export const corrected = (correction: Correction): LoadModule => loadKafkajs([correction]);

/** A logger of kafkajs that keeps quiet. */
export function quietLogger(load: LoadModule): QuietLogger {
  const { createLogger } = load('src/loggers') as { createLogger(options: object): QuietLogger };
  return createLogger({ level: 0, logCreator: () => () => {} });
}

export interface QuietLogger {
  namespace(name: string): QuietLogger;
}

/** The error that a promise rejects with, or what it resolves to. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}
