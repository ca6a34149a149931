import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { Cut } from './sink-target.ts';

/**
 * The records of a cut that an earlier run has made durable, read from the log again; the last batch of a range may reach
 * beyond it. Throws LOG_CORRUPT where the log ends before the cut, OFFSET_OUT_OF_RANGE where it begins behind.
 */
export async function readCut(log: Log, cut: Cut): Promise<readonly RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for (const range of cut.ranges) {
    let offset = range.from;
    while (offset < range.to) {
      const batch = await log.read(range.topic, range.partition, offset);
      if (batch === null || batch.length === 0) {
        const message = `The sink's cut ${cut.number} reaches to offset ${range.to}, but the log ends at ${offset}`;
        throw new HeadraceError('LOG_CORRUPT', message, {
          where: { topic: range.topic, partition: range.partition, offset },
        });
      }
      batches.push(batch);
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
  }
  return batches;
}
