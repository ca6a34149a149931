import type { HeadraceError } from '../../errors.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import type { TopicPartition } from '../record.ts';
import type { BrokerAddress, ConnectToBroker } from './cluster/broker-connection.ts';
import type { Timing } from './cluster/retries.ts';
import type { KafkaCommitStep } from './kafka-member-options.ts';
import type { Codec } from './protocol/batch-layout.ts';
import type { Compress } from './protocol/encode-record-batches.ts';
import type { Decompress } from './protocol/record-set-reader.ts';
import type { StateExchange } from './queries/state-exchange.ts';
import type { RestoreProgress } from './state/restore-progress.ts';

export interface KafkaLogOptions extends Timing {
  readonly bootstrap: readonly BrokerAddress[];
  readonly connect: ConnectToBroker;
  readonly compress: Compress;
  readonly decompress: Decompress;
  /** The compression of what this log writes; none unless given. */
  readonly compression?: Codec;
  /** Where the local state is; the log takes it over: `close` gives it up. */
  readonly directory: DataDirectory;
  /** Names this process over restarts: kept in its data directory; no dots. */
  readonly instance: string;
  readonly appendLingerMs?: number;
  readonly queuedBytesMax?: number;
  readonly queuedRecordsMax?: number;
  /** What one fetch of `read` brings at most (1 MiB); a broker brings one batch at least. */
  readonly readBytesMax?: number;
  readonly sessionTimeoutMs?: number;
  readonly heartbeatIntervalMs?: number;
  readonly transactionTimeoutMs?: number;
  /** Copies of each partition's state that are kept on other instances beside the owner's (0). */
  readonly standbyReplicas?: number;
  readonly requestTimeoutMs?: number;
  /** Called at the steps of a commit, for chaos tests. */
  readonly onStep?: (step: KafkaCommitStep) => void;
  /** How state that other processes own is asked for, and where this one is asked; without it only what is here is answered. */
  readonly exchange?: StateExchange;
  readonly onRestore?: (progress: RestoreProgress) => void;
  /** Told where local state is dropped and built anew from its changelog, and why. */
  readonly onRebuild?: (changelog: TopicPartition, because: string) => void;
  /** Told of what passes by itself: a broker away, a leader moved. */
  readonly onFault?: (error: HeadraceError) => void;
}
