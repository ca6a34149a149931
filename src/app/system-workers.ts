import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { NewRecord } from '../log/record.ts';
import { maskCardNumbers } from '../privacy/card-numbers.ts';
import { Worker } from '../runtime/worker.ts';
import type { AppLogger } from './logger.ts';
import type { NodeStatus } from './node.ts';
import { ProgressWatch } from './progress-watch.ts';
import type { System } from './systems.ts';
import { Ticker } from './ticker.ts';

/** Under which name the ticker's faults are counted. */
const ENGINE = 'engine';
/** Between two looks whether the workers get on. */
const WATCH_INTERVAL_MS = 5_000;

/** What the workers of one thread count; `restores` where that has a log of its own. */
export type WorkFigures = Required<
  Pick<NodeStatus, 'processed' | 'deadLetters' | 'parked' | 'commits' | 'aborts' | 'lag' | 'workers'>
> &
  Pick<NodeStatus, 'restores'>;

/** A worker for each system and the ticker that tells them the time, over one log: in this thread or in another one. */
export interface RunningWorkers {
  /** As Worker.idle, of all of them. */
  idle(): Promise<void>;
  figures(): WorkFigures;
  /** Stops them after the step under way. Never rejects: what ended them was told as a failure. */
  close(): Promise<void>;
}

export interface SystemWorkersOptions {
  readonly log: Log;
  readonly systems: readonly System[];
  readonly clock: Clock;
  readonly logger: AppLogger;
  /** Told of each thing that went wrong, and who met it. */
  readonly onFault: (source: string, error: HeadraceError) => void;
  /** As Log.append, for ticks. */
  readonly append: (records: readonly NewRecord[]) => Promise<unknown>;
  /** Names the workers in their groups, over restarts. */
  readonly member?: string | undefined;
  readonly commitIntervalMs?: number | undefined;
  /** Later records of a key wait behind its dead letter, at most so many keys of a partition; without it none do. */
  readonly parkKeysMax?: number | undefined;
  readonly allowTopologyChange?: boolean | undefined;
  readonly onStep?: ((step: string) => void) | undefined;
  /** Told when one of them can't go on. */
  readonly onFailure: (error: unknown) => void;
}

/** The systems' workers and their ticker, in this thread. */
export class SystemWorkers implements RunningWorkers {
  readonly #workers: readonly Worker[];
  readonly #ticker: Ticker;
  readonly #ended: Promise<unknown>;
  readonly #watching: NodeJS.Timeout;

  /** They work at once, until {@link close}. */
  constructor(options: SystemWorkersOptions) {
    const { log, systems, clock, logger, append, onFault, onFailure } = options;
    this.#workers = systems.map((system) => workerOf(system, options));
    const workerOfGroup = new Map(systems.map(({ application }, i) => [application, this.#workers[i]!]));
    const timers = systems.flatMap(({ application, timers }) =>
      timers === undefined ? [] : [{ group: application, topic: timers }],
    );
    const partitionsOf = ({ group, topic }: (typeof timers)[number]) => workerOfGroup.get(group)!.partitionsOf(topic);
    this.#ticker = new Ticker({ log, append, timers, partitionsOf, clock });
    const parts = [...workerOfGroup, [ENGINE, this.#ticker] as const];
    this.#ended = Promise.all(
      parts.map(([source, part]) => part.run().catch((error: unknown) => told(error, source, options, onFailure))),
    );
    const watch = new ProgressWatch({
      clock,
      progress: () => systems.map(({ application }, i) => ({ ...this.#workers[i]!.metrics(), application })),
      onStuck: (application, error) => {
        onFault(application, error);
        logger.warn({ code: error.code, application }, error.message);
      },
    });
    this.#watching = setInterval(() => watch.look(), WATCH_INTERVAL_MS).unref();
  }

  async idle(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.idle()));
  }

  figures(): WorkFigures {
    const workers = this.#workers.map((worker) => worker.metrics());
    const sum = (figure: 'processed' | 'deadLetters' | 'parked' | 'commits' | 'aborts' | 'lag') =>
      workers.reduce((total, metrics) => total + metrics[figure], 0);
    return {
      processed: sum('processed'),
      deadLetters: sum('deadLetters'),
      parked: sum('parked'),
      commits: sum('commits'),
      aborts: sum('aborts'),
      lag: sum('lag'),
      workers: this.#workers.map((worker) => worker.figures()),
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#watching);
    this.#ticker.stop();
    for (const worker of this.#workers) worker.stop();
    await this.#ended;
  }
}

/** What ended a part of the engine: counted, logged, and told as its failure. */
export function told(
  error: unknown,
  source: string,
  { onFault, logger }: Pick<SystemWorkersOptions, 'onFault' | 'logger'>,
  onFailure: (error: unknown) => void,
): void {
  if (error instanceof HeadraceError) onFault(source, error);
  logger.error({ error }, 'the engine has ended');
  onFailure(error);
}

function workerOf({ application, topology, steps, policy = {} }: System, options: SystemWorkersOptions): Worker {
  const { log, clock, logger, member, parkKeysMax, allowTopologyChange = false } = options;
  const { idleAfterMs, errorHandlers, onSkipped, commitIntervalMs = options.commitIntervalMs } = policy;
  const { onFault, onStep } = options;
  return new Worker({
    log,
    topology,
    application,
    clock,
    redact: maskCardNumbers,
    allowTopologyChange,
    onFault: (error) => {
      onFault(application, error);
      logger.warn({ code: error.code, application }, `commit aborted, going on: ${error.message}`);
    },
    errorHandlers,
    onSkipped,
    parkKeys: parkKeysMax === undefined ? (policy.parkKeys ?? false) : { keysMax: parkKeysMax },
    ...(idleAfterMs === undefined ? {} : { idleAfterMs }),
    ...(member === undefined ? {} : { member }),
    ...(commitIntervalMs === undefined ? {} : { commitIntervalMs }),
    ...(onStep === undefined ? {} : { onStep: (step) => onStep(`${steps}:${step}`) }),
  });
}
