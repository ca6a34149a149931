import type { TopicConfig } from '../log.ts';
import type { TopicPartition } from '../record.ts';

/** What the log knows of one partition: the row of the table `partitions`, five f64. */
export interface PartitionRow {
  /** The first offset held. */
  readonly start: number;
  /** The offset after the last. */
  readonly end: number;
  /** Bytes of all batches. */
  readonly bytes: number;
  /** Below it compaction has been. */
  readonly compactedTo: number;
  /** Intake of the oldest tombstone below `compactedTo` that is still kept; -1 where there is none. */
  readonly oldestTombstoneMs: number;
}

export const EMPTY_PARTITION: PartitionRow = { start: 0, end: 0, bytes: 0, compactedTo: 0, oldestTombstoneMs: -1 };

/** One partition: its number in the keys, and its row as of the last commit. */
export class PartitionLog implements TopicPartition {
  readonly id: number;
  readonly config: TopicConfig;
  readonly topic: string;
  readonly partition: number;
  row: PartitionRow;

  constructor(id: number, config: TopicConfig, partition: number, row: PartitionRow) {
    this.id = id;
    this.config = config;
    this.topic = config.name;
    this.partition = partition;
    this.row = row;
  }
}

export function encodePartitionRow(row: PartitionRow): Uint8Array {
  const fields = Float64Array.of(row.start, row.end, row.bytes, row.compactedTo, row.oldestTombstoneMs);
  return new Uint8Array(fields.buffer);
}

export function decodePartitionRow(bytes: Uint8Array): PartitionRow {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    start: view.getFloat64(0, true),
    end: view.getFloat64(8, true),
    bytes: view.getFloat64(16, true),
    compactedTo: view.getFloat64(24, true),
    oldestTombstoneMs: view.getFloat64(32, true),
  };
}
