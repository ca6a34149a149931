import type { PartitionRecords } from '../../log/log.ts';
import { type NewRecord, NO_HEADERS } from '../../log/record.ts';
import { RecordBuffer } from '../../log/record-buffer.ts';

/** Records as a transaction takes them: a buffer for each partition, in their order. */
export function bufferByPartition(records: readonly NewRecord[]): readonly PartitionRecords[] {
  const buffers = new Map<string, PartitionRecords>();
  for (const { topic, partition, timestamp, key, value, headers } of records) {
    const name = `${topic}-${partition}`;
    const target = buffers.get(name) ?? { topic, partition, buffer: new RecordBuffer() };
    buffers.set(name, target);
    target.buffer.append(timestamp, key, value, headers ?? NO_HEADERS);
  }
  return [...buffers.values()];
}
