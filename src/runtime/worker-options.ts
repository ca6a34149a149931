import type { Clock, StartTimer } from '../clock.ts';
import type { HeadraceError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Topology } from '../streams/topology/topology.ts';
import type { CallFigures } from './async/call-figures.ts';
import type { OnCommitStep } from './commit.ts';
import type { Redact } from './dead-letter.ts';
import type { ErrorPolicy } from './error-handlers.ts';
import type { Inspect } from './task-inspector.ts';

export interface WorkerOptions extends ErrorPolicy {
  readonly log: Log;
  readonly topology: Pick<Topology, 'plan'>;
  /** Names the group, the state and the internal topics. */
  readonly application: string;
  /** Names this worker over restarts. */
  readonly member?: string;
  readonly clock: Clock;
  readonly commitIntervalMs?: number;
  /**
   * When the sources of a task have been silent for so long, its stream time goes on with the clock: windows close and what
   * was held back is sent (see IdleTicks). Without it time passes with records only, as in Kafka Streams.
   */
  readonly idleAfterMs?: number;
  /** Goes on with a topology that loses state of the one before it, which is otherwise refused (TOPOLOGY_CHANGED). */
  readonly allowTopologyChange?: boolean;
  readonly redact?: Redact;
  readonly onStep?: OnCommitStep;
  /** How often a log that keeps the records of repartition topics until then is told what has been consumed (30,000). */
  readonly purgeIntervalMs?: number;
  /** Told of each abort and rejoin, with its cause, and of a purge that failed; the worker goes on. */
  readonly onFault?: (error: HeadraceError) => void;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** For the time limits and pauses of calls; timers of the machine without it. */
  readonly startTimer?: StartTimer;
  /** Watches the tasks, and may fail their records: for simulations. */
  readonly inspect?: Inspect;
}

/** What a worker has counted since it was made. */
export interface WorkerMetrics {
  readonly processed: number;
  readonly deadLetters: number;
  /** Records that wait behind a dead letter of their key. */
  readonly parked: number;
  /** What error handlers skipped, and replays whose turn is over. */
  readonly dropped: number;
  readonly skipped: number;
  readonly commits: number;
  readonly aborts: number;
  readonly tasks: number;
  /** Records committed to the source topics and not processed yet. */
  readonly lag: number;
  /** Of all asynchronous operators. */
  readonly calls: CallFigures;
}
