import type { Environment } from '../../storage/environment.ts';
import type { BatchReader } from './batch-reader.ts';
import type { GroupCatalog } from './group-catalog.ts';
import type { LogTables } from './log-tables.ts';
import { encodePartitionRow, type PartitionLog } from './partition-log.ts';

/** Batches deleted in one transaction. */
export const RETENTION_STEP_BATCHES = 64;
/** A partition that appends have filled is brought this far below its limit, so that not every append deletes. */
const ROOM_FRACTION = 1 / 16;

/**
 * Deletes whole batches from the front of topics with cleanup `delete`: those over the size limit and those taken in
 * longer ago than the time limit (never by the records' timestamps, design D7), and none that a group still needs.
 */
export class Retention {
  readonly #environment: Environment;
  readonly #tables: LogTables;
  readonly #groups: GroupCatalog;
  readonly #reader: BatchReader;

  constructor(environment: Environment, tables: LogTables, groups: GroupCatalog, reader: BatchReader) {
    this.#environment = environment;
    this.#tables = tables;
    this.#groups = groups;
    this.#reader = reader;
  }

  /** One bounded step. Returns whether there is more to do. Throws STORAGE_FULL, STORAGE_FAILED, LOG_CORRUPT. */
  step(partition: PartitionLog, nowMs: number): boolean {
    const { cleanup, retentionBytes, retentionMs } = partition.config;
    if (cleanup !== 'delete' || partition.row.start === partition.row.end) return false;
    const bytesMax = retentionBytes < 0 ? Infinity : retentionBytes;
    if (retentionMs < 0 && partition.row.bytes <= bytesMax) return false;
    const expired = retentionMs < 0 ? -Infinity : nowMs - retentionMs;
    return this.#deleteFront(partition, bytesMax, expired) === RETENTION_STEP_BATCHES;
  }

  /**
   * Whether `queuedBytes` and more fit below the size limit; what nobody needs goes for it. A partition of which nobody
   * needs the front always has room.
   */
  hasRoom(partition: PartitionLog, queuedBytes: number): boolean {
    const { cleanup, retentionBytes } = partition.config;
    if (cleanup !== 'delete' || retentionBytes < 0) return true;
    if (partition.row.bytes + queuedBytes < retentionBytes) return true;
    const target = Math.max(0, retentionBytes * (1 - ROOM_FRACTION) - queuedBytes);
    while (partition.row.bytes > target && this.#deleteFront(partition, target, -Infinity) === RETENTION_STEP_BATCHES);
    if (partition.row.bytes + queuedBytes < retentionBytes) return true;
    return this.#groups.neededFrom(partition) >= partition.row.end;
  }

  #deleteFront(partition: PartitionLog, bytesMax: number, expiredMs: number): number {
    const { row } = partition;
    const neededFrom = this.#groups.neededFrom(partition);
    if (row.start >= neededFrom) return 0;
    const deleted: number[] = [];
    let { start, bytes } = row;
    this.#reader.scan(partition, row.start, neededFrom, (batch) => {
      const isOver = bytes > bytesMax || batch.intakeMs < expiredMs;
      if (!isOver || batch.lastOffset >= neededFrom || deleted.length === RETENTION_STEP_BATCHES) return false;
      deleted.push(batch.baseOffset);
      start = batch.lastOffset + 1;
      bytes -= batch.bytes.byteLength;
      return true;
    });
    if (deleted.length === 0) return 0;
    const changed = { ...row, start, bytes };
    this.#environment.transaction(() => {
      for (const baseOffset of deleted) this.#tables.batches.delete({ partitionId: partition.id, baseOffset });
      this.#tables.partitions.put(partition.id, encodePartitionRow(changed));
    });
    partition.row = changed;
    return deleted.length;
  }
}
