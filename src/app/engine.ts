import type { Log } from '../log/log.ts';
import type { SinkTarget } from '../runtime/sink/sink-target.ts';
import { SinkWorker } from '../runtime/sink/sink-worker.ts';
import type { GenericSinks } from './generic-sink/generic-sinks.ts';
import type { NodeStatus } from './node.ts';
import { sumOfRestores } from './restores.ts';
import {
  type RunningWorkers,
  SystemWorkers,
  type SystemWorkersOptions,
  told,
  type WorkFigures,
} from './system-workers.ts';
import { topicsBetween } from './systems.ts';

/** Group of the sink; part of the tokens in ClickHouse. */
export const SINK = 'clickhouse';

/**
 * Records that one record can bring about one after the other, at most: withdrawal, hold, its answer, failed dispense,
 * settlement, its answer, what reconciliation did; a case that is settled adds a command, its post and its answer. As many
 * rounds bring everything to its end that was there at their beginning, even while others keep sending.
 */
const CHAIN_LENGTH_MAX = 12;

export interface EngineOptions extends SystemWorkersOptions {
  /** What the sink writes to; without it nothing goes to ClickHouse. */
  readonly target: SinkTarget | undefined;
  /** Group of the sink. */
  readonly sink: string;
  readonly flushIntervalMs?: number | undefined;
  /** Sinks by configuration, which run already; the engine closes them. */
  readonly genericSinks?: GenericSinks | undefined;
  /** Further workers of the same systems, in threads of their own; the engine closes them. */
  readonly threads?: readonly RunningWorkers[] | undefined;
}

/** All that works on one log: the systems' workers, here and in threads, and the sink. */
export class Engine {
  readonly #log: Log;
  readonly #between: readonly string[];
  readonly #workers: readonly RunningWorkers[];
  readonly #sink: SinkWorker | undefined;
  readonly #sinkName: string;
  readonly #sinkEnded: Promise<void> | undefined;
  readonly #genericSinks: GenericSinks | undefined;

  /** Starts working at once, until {@link close}. */
  constructor(options: EngineOptions) {
    const { log, systems, threads = [], onFailure } = options;
    this.#log = log;
    this.#between = topicsBetween(systems);
    this.#workers = [new SystemWorkers(options), ...threads];
    this.#sink = sinkOf(options);
    this.#sinkName = options.sink;
    this.#genericSinks = options.genericSinks;
    this.#sinkEnded = this.#sink?.run().catch((error: unknown) => told(error, options.sink, options, onFailure));
  }

  /** Resolves when everything in the log at the call, and all that it brings about, is processed and in ClickHouse. */
  async drain(): Promise<void> {
    for (let round = 0; round < CHAIN_LENGTH_MAX; round++) {
      const before = [await this.#saidBetween(), this.#assigned()].join();
      await Promise.all(this.#workers.map((workers) => workers.idle()));
      if ([await this.#saidBetween(), this.#assigned()].join() === before) break;
    }
    await Promise.all([this.#sink?.drain(), this.#genericSinks?.drain()]);
  }

  /** How much the systems have said to each other. */
  async #saidBetween(): Promise<string> {
    const ends: number[] = [];
    for (const topic of this.#between) for (const { end } of await this.#log.watermarks(topic)) ends.push(end);
    return ends.join();
  }

  /** Differs where a partition has changed hands: who took it may have said before that it has nothing to do. */
  #assigned(): string {
    const workers = this.#workers.flatMap((each) => each.figures().workers);
    return workers.map(({ tasksCreated, tasksClosed }) => `${tasksCreated} ${tasksClosed}`).join();
  }

  /** Added up over all threads. */
  status(): Omit<NodeStatus, 'fault' | 'faults'> {
    const { rows, lag, lastError, lastErrorCode: code } = this.#sink?.metrics ?? NO_SINK;
    const work = this.#workers.map((workers) => workers.figures()).reduce(sumOf);
    const sinks = this.#genericSinks?.figures() ?? [];
    return {
      ...work,
      sinkRows: sinks.reduce((sum, sink) => sum + sink.rows, rows),
      sinkLag: sinks.reduce((sum, sink) => sum + sink.lag, lag),
      sinkError: lastError ?? sinks.find(({ error }) => error !== undefined)?.error,
      sinkWaiting: { sink: this.#sinkName, code },
      sinks,
    };
  }

  /** Stops all parts after the step under way. */
  async close(): Promise<void> {
    this.#sink?.stop();
    await Promise.all([
      ...this.#workers.map((workers) => workers.close()),
      this.#sinkEnded,
      this.#genericSinks?.close(),
    ]);
  }
}

const NO_SINK = { rows: 0, lag: 0, lastError: undefined, lastErrorCode: undefined };

function sinkOf(options: EngineOptions): SinkWorker | undefined {
  const { log, target, sink, clock, logger, flushIntervalMs, onStep } = options;
  if (target === undefined) return undefined;
  return new SinkWorker({
    log,
    target,
    sink,
    clock,
    logger,
    ...(flushIntervalMs === undefined ? {} : { flushIntervalMs }),
    ...(onStep === undefined ? {} : { onStep: (step) => onStep(`sink:${step}`) }),
  });
}

function sumOf(one: WorkFigures, other: WorkFigures): WorkFigures {
  return {
    processed: one.processed + other.processed,
    deadLetters: one.deadLetters + other.deadLetters,
    parked: one.parked + other.parked,
    commits: one.commits + other.commits,
    aborts: one.aborts + other.aborts,
    lag: one.lag + other.lag,
    workers: [...one.workers, ...other.workers],
    restores: sumOfRestores(one.restores ?? [], other.restores ?? []),
  };
}
