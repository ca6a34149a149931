import { HeadraceError } from '../../errors.ts';
import type { Table } from '../../storage/table.ts';
import type { FetchRequest, FetchResult } from '../membership/group-member.ts';
import { RecordBatch } from '../record-batch.ts';
import { BATCH_BYTES_TARGET, BATCH_RECORDS_MAX } from '../record-buffer.ts';
import { BATCH_HEADER_BYTES, LENGTH_AT, OFFSET_DELTA_AT } from '../record-layout.ts';
import { openBatch } from './batch-header.ts';
import type { BatchKey } from './log-tables.ts';
import type { PartitionLog } from './partition-log.ts';

/** Smaller batches are handed out joined: a batch costs the engine a microsecond or two, whatever is in it. */
const JOINED_BELOW_RECORDS = 250;

/** A batch as it is stored, copied out of the page and checked. */
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
    const stored: StoredBatch[] = [];
    let records = 0;
    let bytes = 0;
    let nextOffset = end;
    if (fromOffset < end) {
      const scanFrom = request.isBatchStart ? fromOffset : this.baseOffsetOf(partition, fromOffset);
      this.scan(partition, scanFrom, end, (batch) => {
        if (batch.lastOffset < fromOffset) return true;
        stored.push(batch);
        records += batch.count;
        bytes += batch.bytes.byteLength;
        if (records < maxRecords && bytes < maxBytes) return true;
        nextOffset = batch.lastOffset + 1;
        return false;
      });
    }
    return { batches: join(stored, request), records, bytes, nextOffset };
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

  /** Visits the batches with from <= base offset < to until `visit` returns false. */
  scan(partition: PartitionLog, from: number, to: number, visit: (batch: StoredBatch) => boolean): void {
    const range = {
      start: { partitionId: partition.id, baseOffset: from },
      end: { partitionId: partition.id, baseOffset: to },
    };
    this.#batches.forEach(range, ({ baseOffset }, bytes) => {
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

function join(stored: readonly StoredBatch[], request: FetchRequest): readonly RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let from = 0; from < stored.length; ) {
    const first = stored[from]!;
    let to = from + 1;
    let count = first.count;
    let length = first.bytes.byteLength;
    while (to < stored.length && count < JOINED_BELOW_RECORDS && length < BATCH_BYTES_TARGET) {
      const next = stored[to]!;
      const isTooFar = next.lastOffset - first.baseOffset > 0xffff_ffff;
      if (isTooFar || next.count >= JOINED_BELOW_RECORDS || count + next.count > BATCH_RECORDS_MAX) break;
      count += next.count;
      length += next.bytes.byteLength - BATCH_HEADER_BYTES;
      to++;
    }
    const bytes = to === from + 1 ? asBuffer(first.bytes) : concatenate(stored, from, to, length);
    const { topic, partition, epoch, fromOffset } = request;
    const batch = new RecordBatch(
      topic,
      partition,
      epoch,
      first.baseOffset,
      bytes,
      count,
      Math.max(fromOffset, first.baseOffset),
    );
    if (batch.length > 0) batches.push(batch);
    from = to;
  }
  return batches;
}

/** One batch out of several: their records one behind the other, with offsets that count from the first one's base. */
function concatenate(stored: readonly StoredBatch[], from: number, to: number, length: number): Buffer {
  const joined = Buffer.allocUnsafeSlow(length);
  const view = new DataView(joined.buffer);
  const base = stored[from]!.baseOffset;
  let at = BATCH_HEADER_BYTES;
  for (let i = from; i < to; i++) {
    const { bytes, baseOffset, count } = stored[i]!;
    const records = new Uint8Array(
      bytes.buffer,
      bytes.byteOffset + BATCH_HEADER_BYTES,
      bytes.byteLength - BATCH_HEADER_BYTES,
    );
    joined.set(records, at);
    const shift = baseOffset - base;
    let record = at;
    for (let n = 0; n < count; n++) {
      view.setUint32(record + OFFSET_DELTA_AT, view.getUint32(record + OFFSET_DELTA_AT, true) + shift, true);
      record += view.getUint32(record + LENGTH_AT, true);
    }
    at += records.length;
  }
  return joined;
}

/** The storage may hand out a Buffer with a `length` property of its own, which makes every access to it slow. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
