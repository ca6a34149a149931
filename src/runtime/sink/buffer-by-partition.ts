import type { PartitionRecords } from '../../log/log.ts';
import { type NewRecord, NO_HEADERS } from '../../log/record.ts';
import { DEAD_LETTER_BYTES_MAX, RecordBuffer } from '../../log/record-buffer.ts';

/** Records as a transaction takes them: a buffer for each partition, in their order. */
export function bufferByPartition(records: readonly NewRecord[]): readonly PartitionRecords[] {
  const buffers = new Map<string, PartitionRecords>();
  for (const { topic, partition, timestamp, key, value, headers } of records) {
    const name = `${topic}-${partition}`;
    const target = buffers.get(name) ?? { topic, partition, buffer: new RecordBuffer() };
    buffers.set(name, target);
    // These are dead letters: they carry more than the records that they were.
    target.buffer.append(timestamp, key, value, headers ?? NO_HEADERS, DEAD_LETTER_BYTES_MAX);
  }
  return [...buffers.values()];
}
