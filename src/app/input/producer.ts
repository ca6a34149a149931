import type { Clock } from '../../clock.ts';
import type { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { RecordPosition } from '../../log/record.ts';
import type { InputRow, RejectedRow } from './input-row.ts';
import { OrderedAppends } from './ordered-appends.ts';

/** Rows read in all; those acknowledged by the log; those that are no transactions. */
export interface ProducedCounts {
  readonly read: number;
  readonly appended: number;
  readonly rejected: number;
}

export interface ProducerOptions {
  /** Gives the records their timestamp, the time of intake. */
  readonly clock: Clock;
  /** Called after each append and each rejected row. */
  readonly onProgress?: (counts: ProducedCounts) => void;
  /** Called after each append with where its records stand, ascending within a partition. */
  readonly onAppended?: (positions: readonly RecordPosition[]) => void;
  readonly onRejected?: (row: RejectedRow) => void | Promise<void>;
  /** Told when the log has no room, before it is tried again. */
  readonly onWaiting?: (error: HeadraceError, attempt: number) => void;
  /** Waits between tries; a timer where it is left out. */
  readonly sleep?: (delayMs: number) => Promise<unknown>;
}

/**
 * Appends the transactions of an input to a topic, in their order, keyed and partitioned by accountId, the fields as
 * JSON. Resolves when the log has acknowledged all. Where the log has no room (LOG_BACKPRESSURE, STORAGE_FULL) it waits
 * and tries again, up to a limit. An error of the input is thrown after the rows before it are acknowledged.
 */
export async function produceRows(
  log: Pick<Log, 'append'>,
  topic: string,
  partitions: number,
  rows: AsyncIterable<InputRow>,
  options: ProducerOptions,
): Promise<ProducedCounts> {
  let [read, appended, rejected] = [0, 0, 0];
  const report = () => options.onProgress?.({ read, appended, rejected });
  const appends = new OrderedAppends(log, {
    ...(options.onWaiting === undefined ? {} : { onWaiting: options.onWaiting }),
    ...(options.sleep === undefined ? {} : { sleep: options.sleep }),
    onAppended: (positions) => {
      appended += positions.length;
      options.onAppended?.(positions);
      report();
    },
  });
  try {
    for await (const row of rows) {
      read++;
      if (row.kind === 'rejected') {
        rejected++;
        await options.onRejected?.(row);
        report();
        continue;
      }
      const key = Buffer.from(String(row.fields.accountId));
      const value = Buffer.from(JSON.stringify(row.fields));
      const partition = partitionFor(key, partitions);
      const room = appends.add({ topic, partition, timestamp: options.clock(), key, value });
      if (room !== undefined) await room;
    }
  } finally {
    await appends.drain();
  }
  return { read, appended, rejected };
}
