import type { DecodeValue } from '../clickhouse/sink-table.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { NewRecord, RecordPosition } from '../log/record.ts';
import { maskCardNumbers } from '../privacy/card-numbers.ts';
import { SinkWorker } from '../runtime/sink/sink-worker.ts';
import { Worker } from '../runtime/worker.ts';
import type { Faults } from './faults.ts';
import type { AppLogger } from './logger.ts';
import type { NodeStatus } from './node.ts';
import { ProgressWatch } from './progress-watch.ts';
import { sinkTables } from './sink-tables.ts';
import { type System, topicsBetween } from './systems.ts';
import { Ticker } from './ticker.ts';

/** Group of the sink; part of the tokens in ClickHouse. */
export const SINK = 'clickhouse';

/**
 * Records that one record can bring about one after the other, at most: withdrawal, hold, its answer, failed dispense,
 * settlement, its answer, what reconciliation did; a case that is settled adds a command, its post and its answer. As many
 * rounds bring everything to its end that was there at their beginning, even while others keep sending.
 */
const CHAIN_LENGTH_MAX = 12;

/** Under which name the ticker's faults are counted. */
const ENGINE = 'engine';
/** Between two looks whether the workers get on. */
const WATCH_INTERVAL_MS = 5_000;

export interface EngineOptions {
  readonly log: Log;
  readonly systems: readonly System[];
  readonly partitions: number;
  readonly store: Store;
  /** How the sink reads the values of topics. */
  readonly decodeValue: DecodeValue;
  readonly clock: Clock;
  readonly logger: AppLogger;
  /** Where what goes wrong is counted. */
  readonly faults: Faults;
  /** As Log.append, for what the node itself has to say. */
  readonly append: (records: readonly NewRecord[]) => Promise<readonly RecordPosition[]>;
  readonly commitIntervalMs?: number | undefined;
  readonly flushIntervalMs?: number | undefined;
  /** Later records of a key wait behind its dead letter, at most so many keys of a partition; without it none do. */
  readonly parkKeysMax?: number | undefined;
  readonly allowTopologyChange?: boolean | undefined;
  readonly onStep?: ((step: string) => void) | undefined;
  /** Told when a part of it can't go on. */
  readonly onFailure: (error: unknown) => void;
}

/** All that works on one log: a worker for each system, the ticker that tells them the time, and the sink. */
export class Engine {
  readonly #log: Log;
  readonly #between: readonly string[];
  readonly #workers: readonly Worker[];
  readonly #ticker: Ticker;
  readonly #sink: SinkWorker;
  readonly #ended: Promise<unknown>;
  readonly #watching: NodeJS.Timeout;

  /** Starts working at once, until {@link close}. */
  constructor(options: EngineOptions) {
    const { log, systems, partitions, store, decodeValue, clock, logger, faults, append, onFailure } = options;
    const { flushIntervalMs, onStep } = options;
    this.#log = log;
    this.#between = topicsBetween(systems);
    this.#workers = systems.map((system) => this.#workerOf(system, options));
    const timers = systems.flatMap(({ application, timers }) =>
      timers === undefined ? [] : [{ group: application, topic: timers }],
    );
    this.#ticker = new Ticker({ log, append, timers, partitions, clock });
    this.#sink = new SinkWorker({
      log,
      target: store.target(sinkTables, decodeValue),
      sink: SINK,
      clock,
      logger,
      ...(flushIntervalMs === undefined ? {} : { flushIntervalMs }),
      ...(onStep === undefined ? {} : { onStep: (step) => onStep(`sink:${step}`) }),
    });
    const parts = [
      ...systems.map(({ application }, i) => [application, this.#workers[i]!] as const),
      [ENGINE, this.#ticker] as const,
      [SINK, this.#sink] as const,
    ];
    const running = parts.map(([source, part]) =>
      part.run().catch((error: unknown) => {
        if (error instanceof HeadraceError) faults.note(source, error);
        logger.error({ error }, 'the engine has ended');
        onFailure(error);
      }),
    );
    this.#ended = Promise.all(running);
    const watch = new ProgressWatch({
      clock,
      progress: () => systems.map(({ application }, i) => ({ ...this.#workers[i]!.metrics(), application })),
      onStuck: (application, error) => {
        faults.note(application, error);
        logger.warn({ code: error.code, application }, error.message);
      },
    });
    this.#watching = setInterval(() => watch.look(), WATCH_INTERVAL_MS).unref();
  }

  #workerOf({ application, topology, steps }: System, options: EngineOptions): Worker {
    const { log, clock, logger, faults, commitIntervalMs, parkKeysMax, allowTopologyChange = false, onStep } = options;
    return new Worker({
      log,
      topology,
      application,
      clock,
      redact: maskCardNumbers,
      allowTopologyChange,
      onFault: (error) => {
        faults.note(application, error);
        logger.warn({ code: error.code, application }, `commit aborted, going on: ${error.message}`);
      },
      parkKeys: parkKeysMax === undefined ? false : { keysMax: parkKeysMax },
      ...(commitIntervalMs === undefined ? {} : { commitIntervalMs }),
      ...(onStep === undefined ? {} : { onStep: (step) => onStep(`${steps}:${step}`) }),
    });
  }

  /** Resolves when everything in the log at the call, and all that it brings about, is processed and in ClickHouse. */
  async drain(): Promise<void> {
    for (let round = 0; round < CHAIN_LENGTH_MAX; round++) {
      const before = await this.#saidBetween();
      await Promise.all(this.#workers.map((worker) => worker.idle()));
      if ((await this.#saidBetween()) === before) break;
    }
    await this.#sink.drain();
  }

  /** How much the systems have said to each other. */
  async #saidBetween(): Promise<string> {
    const ends: number[] = [];
    for (const topic of this.#between) for (const { end } of await this.#log.watermarks(topic)) ends.push(end);
    return ends.join();
  }

  status(): Omit<NodeStatus, 'fault' | 'faults'> {
    const workers = this.#workers.map((worker) => worker.metrics());
    const sum = (figure: 'processed' | 'deadLetters' | 'parked' | 'commits' | 'aborts' | 'lag') =>
      workers.reduce((total, metrics) => total + metrics[figure], 0);
    const { rows, lag, lastError } = this.#sink.metrics;
    return {
      processed: sum('processed'),
      deadLetters: sum('deadLetters'),
      parked: sum('parked'),
      commits: sum('commits'),
      aborts: sum('aborts'),
      lag: sum('lag'),
      sinkRows: rows,
      sinkLag: lag,
      sinkError: lastError,
      workers: this.#workers.map((worker) => worker.figures()),
    };
  }

  /** Stops all parts after the step under way. */
  async close(): Promise<void> {
    clearInterval(this.#watching);
    this.#ticker.stop();
    for (const worker of this.#workers) worker.stop();
    this.#sink.stop();
    await this.#ended;
  }
}
