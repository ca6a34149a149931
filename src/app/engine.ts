import type { DecodeValue } from '../clickhouse/sink-table.ts';
import type { Store } from '../clickhouse/store.ts';
import type { Clock } from '../clock.ts';
import type { HeadraceError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { NewRecord, RecordPosition } from '../log/record.ts';
import { maskCardNumbers } from '../privacy/card-numbers.ts';
import { SinkWorker } from '../runtime/sink/sink-worker.ts';
import { Worker } from '../runtime/worker.ts';
import type { AppLogger } from './logger.ts';
import type { NodeStatus } from './node.ts';
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

export interface EngineOptions {
  readonly log: Log;
  readonly systems: readonly System[];
  readonly partitions: number;
  readonly store: Store;
  /** How the sink reads the values of topics. */
  readonly decodeValue: DecodeValue;
  readonly clock: Clock;
  readonly logger: AppLogger;
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
  #fault: HeadraceError | undefined;

  /** Starts working at once, until {@link close}. */
  constructor(options: EngineOptions) {
    const { log, systems, partitions, store, decodeValue, clock, logger, append, flushIntervalMs, onStep, onFailure } =
      options;
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
    const running = [...this.#workers, this.#ticker, this.#sink].map((part) =>
      part.run().catch((error: unknown) => {
        logger.error({ error }, 'the engine has ended');
        onFailure(error);
      }),
    );
    this.#ended = Promise.all(running);
  }

  #workerOf({ application, topology, steps }: System, options: EngineOptions): Worker {
    const { log, clock, logger, commitIntervalMs, parkKeysMax, allowTopologyChange = false, onStep } = options;
    return new Worker({
      log,
      topology,
      application,
      clock,
      redact: maskCardNumbers,
      allowTopologyChange,
      onFault: (error) => {
        this.#fault = error;
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

  status(): NodeStatus {
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
      fault: this.#fault === undefined ? undefined : { code: this.#fault.code, message: this.#fault.message },
    };
  }

  /** Stops all parts after the step under way. */
  async close(): Promise<void> {
    this.#ticker.stop();
    for (const worker of this.#workers) worker.stop();
    this.#sink.stop();
    await this.#ended;
  }
}
