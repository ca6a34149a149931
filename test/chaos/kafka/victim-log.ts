import { randomUUID } from 'node:crypto';
import type { KafkaCommitStep } from '../../../src/log/kafka/kafka-member-options.ts';
import { openKafkaLog } from '../../../src/log/kafka/open-kafka-log.ts';
import type { Log } from '../../../src/log/log.ts';
import type { SinkStep } from '../../../src/runtime/sink/sink-options.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';

/** The steps of a commit on Kafka, and those of the sink. */
export type VictimStep = KafkaCommitStep | `sink:${SinkStep}`;

export interface VictimOrders {
  readonly directory: string;
  readonly brokers: string;
  readonly application: string;
  readonly input: string;
  readonly output: string;
  /** Totals of groups of keys, over a repartition topic. */
  readonly totals: string;
  /** Of the sink alone: where its ClickHouse and its migrations are. */
  readonly clickhouse: string;
  readonly migrations: string;
  /** Where it kills or stops itself, the how-manieth time. */
  readonly hitAt?: { readonly step: VictimStep; readonly time: number; readonly signal: 'SIGKILL' | 'SIGSTOP' };
}

/** Short, so that a stopped process is taken for dead while the run lasts. */
const SESSION_TIMEOUT_MS = 2_500;
const HEARTBEAT_INTERVAL_MS = 300;
const TRANSACTION_TIMEOUT_MS = 10_000;

/** In the victim: what its parent wants. */
export function victimOrders(): VictimOrders {
  return JSON.parse(process.env.HEADRACE_CHAOS_ORDERS ?? '{}') as VictimOrders;
}

/** To be told each step: kills or stops the process where its orders say so. */
export function hitting({ hitAt }: VictimOrders): (step: VictimStep) => void {
  let hits = 0;
  return (step) => {
    if (step !== hitAt?.step || ++hits !== hitAt.time) return;
    process.stdout.write(`${hitAt.signal === 'SIGKILL' ? 'hit' : 'stopped'} ${step}\n`);
    process.kill(process.pid, hitAt.signal);
  };
}

export function openVictimLog(orders: VictimOrders, onStep: (step: KafkaCommitStep) => void): Log {
  return openKafkaLog({
    brokers: orders.brokers,
    connection: { clientId: 'chaos' },
    directory: openDataDirectory(orders.directory, { clock: Date.now }),
    newInstance: randomUUID,
    clock: Date.now,
    startTimer: (delayMs, action) => {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    },
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
    transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
    // Partitions come and go all the time here: who loses one keeps a copy, and gets it again.
    standbyReplicas: 1,
    onStep,
  });
}

/** Runs until SIGTERM; what ends it before is told. */
export async function runVictim(log: Log, run: () => Promise<void>): Promise<never> {
  try {
    await run();
    await log.close();
    process.exit(0);
  } catch (error) {
    process.stdout.write(`failed ${(error as Error).stack}\n`);
    process.exit(1);
  }
}
