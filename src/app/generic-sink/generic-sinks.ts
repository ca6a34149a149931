import { CheckedTarget, requireTable } from '../../clickhouse/generic/checked-target.ts';
import { sinkTableOf } from '../../clickhouse/generic/generic-table.ts';
import type { Store } from '../../clickhouse/store.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { SinkTarget } from '../../runtime/sink/sink-target.ts';
import { SinkWorker } from '../../runtime/sink/sink-worker.ts';
import type { AppLogger } from '../logger.ts';
import type { SinkFigures } from '../node.ts';
import type { GenericSink, OpenGenericSinks } from './open-generic-sinks.ts';

export interface GenericSinksRunOptions {
  readonly log: Log;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: AppLogger;
  readonly flushIntervalMs?: number | undefined;
  /** As Snapshots.heldBack. */
  readonly heldBack: (target: SinkTarget) => SinkTarget;
  readonly onFault: (source: string, error: HeadraceError) => void;
}

/**
 * The workers that bring topics into tables by configuration, each with a group of its own. One that can't go on ends alone:
 * the ledger does not wait for a table of the user's, whose backlog stays in the log.
 */
export class GenericSinks {
  readonly #workers: readonly (readonly [GenericSink, SinkWorker])[];
  readonly #ended: Promise<unknown>;
  readonly #opened: OpenGenericSinks;

  private constructor(opened: OpenGenericSinks, options: GenericSinksRunOptions) {
    this.#opened = opened;
    this.#workers = opened.sinks.map((sink) => [sink, workerOf(sink, options)]);
    this.#ended = Promise.all(
      this.#workers.map(([{ name }, worker]) =>
        worker.run().catch((error: unknown) => {
          if (error instanceof HeadraceError) options.onFault(name, error);
          options.logger.error({ error, sink: name }, 'a sink has ended; the rest goes on');
        }),
      ),
    );
  }

  /**
   * Starts them, until {@link close}. What would not run is refused: TOPIC_UNKNOWN for a topic that does not exist,
   * SINK_TABLE_DIFFERS for a table that ClickHouse does not have as it is needed. A ClickHouse that is away is waited for.
   */
  static async start(opened: OpenGenericSinks, options: GenericSinksRunOptions): Promise<GenericSinks> {
    const topics = new Set((await options.log.topics()).map(({ name }) => name));
    for (const { table, name } of opened.sinks) {
      if (!topics.has(table.topic)) {
        const message = `The sink ${name} takes the topic ${table.topic}, which does not exist: create it on the brokers, or name it under topics of the topology`;
        throw new HeadraceError('TOPIC_UNKNOWN', message, { where: { topic: table.topic } });
      }
      try {
        await requireTable((sql) => options.store.clickhouse.rows(sql), table);
      } catch (error) {
        const isAway = error instanceof HeadraceError && error.retriable && error.code !== 'SINK_TABLE_DIFFERS';
        if (!isAway) throw error;
      }
    }
    return new GenericSinks(opened, options);
  }

  /** As SinkWorker.drain, of all of them. */
  async drain(): Promise<void> {
    await Promise.all(this.#workers.map(([, worker]) => worker.drain()));
  }

  figures(): readonly SinkFigures[] {
    return this.#workers.map(([{ name, table }, worker]) => {
      const { rows, lag, deadLetters, lastError } = worker.metrics;
      return { sink: name, table: table.name, rows, lag, deadLetters, error: lastError };
    });
  }

  /** Stops them after the step under way. */
  async close(): Promise<void> {
    for (const [, worker] of this.#workers) worker.stop();
    await this.#ended;
    this.#opened.close();
  }
}

function workerOf(sink: GenericSink, options: GenericSinksRunOptions): SinkWorker {
  const { log, store, clock, logger, flushIntervalMs, heldBack } = options;
  const target = store.target([sinkTableOf(sink.table)], { decodeValue: sink.decode });
  return new SinkWorker({
    log,
    target: heldBack(new CheckedTarget(target, sink.table, (sql) => store.clickhouse.rows(sql))),
    sink: sink.name,
    clock,
    logger,
    ...(flushIntervalMs === undefined ? {} : { flushIntervalMs }),
  });
}
