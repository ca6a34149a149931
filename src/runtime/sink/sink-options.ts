import type { Clock } from '../../clock.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { SinkTarget } from './sink-target.ts';

/** The steps of a cut, in order; docs/ARCHITECTURE.md says what a crash after each does. */
export const SINK_STEPS = ['cut', 'intent', 'settle', 'insert', 'offsets'] as const;
export type SinkStep = (typeof SINK_STEPS)[number];

export interface SinkMetrics {
  readonly cuts: number;
  readonly rows: number;
  readonly deadLetters: number;
  /** Records in the log that are not in the target yet, as last known. */
  readonly lag: number;
  /** The error of the last try, until one succeeds. */
  readonly lastError: string | undefined;
  /** Its code, where it has one. */
  readonly lastErrorCode: ErrorCode | undefined;
}

export interface SinkLogger {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface SinkWorkerOptions {
  readonly log: Log;
  readonly target: SinkTarget;
  /** The name of the sink is that of its group and of its one member. */
  readonly sink: string;
  readonly clock: Clock;
  /**
   * Records of a cut, at most about; 200,000 unless told otherwise. Its bytes are bounded as well. It grows beyond 10,000
   * only while the cut before it is being written.
   */
  readonly batchRecordsMax?: number;
  /** How long the first record of a cut waits for others, milliseconds; a second unless told otherwise. */
  readonly flushIntervalMs?: number;
  /** Called after each step is done. */
  readonly onStep?: (step: SinkStep) => void;
  /** Called after each cut and when an error comes. */
  readonly onProgress?: (metrics: SinkMetrics) => void;
  readonly logger?: SinkLogger;
  /** Waits before another try, and for more records while a cut is written; a simulation brings its own. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}
