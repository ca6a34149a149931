import { randomUUID } from 'node:crypto';
import { compress, decompress } from '../../../src/log/kafka/client/codecs.ts';
import { connectToBrokers } from '../../../src/log/kafka/client/connection.ts';
import { KafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import type { KafkaCommitStep } from '../../../src/log/kafka/kafka-member-options.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';

export interface ChaosLogOptions {
  readonly ports: readonly number[];
  /** Where a connection to a broker's port goes instead: through a proxy. */
  readonly proxies?: Readonly<Record<number, number>>;
  readonly directory: string;
  readonly instance?: string;
  readonly onStep?: (step: KafkaCommitStep) => void;
}

export const SESSION_TIMEOUT_MS = 2_500;

export function openLog({ ports, proxies = {}, directory, instance = randomUUID(), onStep }: ChaosLogOptions): KafkaLog {
  const connect = connectToBrokers({ clientId: 'headrace-chaos' });
  return new KafkaLog({
    bootstrap: ports.map((port) => ({ host: '127.0.0.1', port })),
    connect: (address) => connect({ ...address, port: proxies[address.port] ?? address.port }),
    clock: Date.now,
    startTimer: (delayMs, action) => {
      const timer = setTimeout(action, Math.min(delayMs, 2 ** 31 - 1));
      return () => clearTimeout(timer);
    },
    compress,
    decompress,
    directory: openDataDirectory(directory, { clock: Date.now }),
    instance,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    heartbeatIntervalMs: 300,
    transactionTimeoutMs: 10_000,
    ...(onStep === undefined ? {} : { onStep }),
  });
}
