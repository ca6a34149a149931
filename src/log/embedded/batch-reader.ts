import { HeadraceError } from '../../errors.ts';
import type { Table } from '../../storage/table.ts';
import type { FetchRequest, FetchResult } from '../membership/group-member.ts';
import { openBatch } from './batch-header.ts';
import { BatchJoiner } from './batch-joiner.ts';
import type { BatchKey } from './log-tables.ts';
import type { PartitionLog } from './partition-log.ts';

/** A batch as it is stored, checked. */
export interface StoredBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly count: number;
  readonly intakeMs: number;
  readonly bytes: Uint8Array;
}

/** Reads batches of partitions. Each call reads one snapshot and keeps nothing open. */
export class BatchReader {
  readonly #batches: Table<BatchKey>;

  constructor(batches: Table<BatchKey>) {
    this.#batches = batches;
  }

  /** Whole batches from `fromOffset` on. Throws OFFSET_OUT_OF_RANGE, LOG_CORRUPT. */
  fetch(partition: PartitionLog, request: FetchRequest): FetchResult {
    const { fromOffset, maxRecords, maxBytes } = request;
    const { start, end } = partition.row;
    if (!Number.isSafeInteger(fromOffset) || fromOffset < start || fromOffset > end) {
      throw outOfRange(partition, fromOffset);
    }
    const joiner = new BatchJoiner(request);
    let records = 0;
    let bytes = 0;
    let nextOffset = end;
    if (fromOffset < end) {
      const scanFrom = request.isBatchStart ? fromOffset : this.baseOffsetOf(partition, fromOffset);
      this.scan(partition, scanFrom, end, (batch) => {
        if (batch.lastOffset < fromOffset) return true;
        joiner.add(batch);
        records += batch.count;
        bytes += batch.bytes.byteLength;
        if (records < maxRecords && bytes < maxBytes) return true;
        nextOffset = batch.lastOffset + 1;
        return false;
      });
    }
    joiner.flush();
    return { batches: joiner.batches, records, bytes, nextOffset };
  }

  /** The base offset of the batch that holds `offset`, or the greatest below it. */
  baseOffsetOf(partition: PartitionLog, offset: number): number {
    const found = this.#batches.keys({
      start: { partitionId: partition.id, baseOffset: offset },
      end: { partitionId: partition.id, baseOffset: 0 },
      inclusiveEnd: true,
      reverse: true,
      limit: 1,
    });
    return found[0]?.baseOffset ?? offset;
  }

  /** Visits the batches with from <= base offset < to until `visit` returns false. Their bytes are valid only until it does. */
  scan(partition: PartitionLog, from: number, to: number, visit: (batch: StoredBatch) => boolean): void {
    const range = {
      start: { partitionId: partition.id, baseOffset: from },
      end: { partitionId: partition.id, baseOffset: to },
    };
    this.#batches.forEachInPlace(range, ({ baseOffset }, bytes) => {
      const { count, lastOffset, intakeMs } = openBatch(bytes, baseOffset, partition);
      return visit({ baseOffset, lastOffset, count, intakeMs, bytes });
    });
  }
}

export function outOfRange({ topic, partition, row }: PartitionLog, offset: number): HeadraceError {
  return new HeadraceError(
    'OFFSET_OUT_OF_RANGE',
    `Offset ${offset} of ${topic}-${partition} is not within ${row.start} to ${row.end}`,
    {
      where: { topic, partition, offset },
    },
  );
}
