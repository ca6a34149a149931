import type { Headers } from '../../src/log/record.ts';
import { RecordBatch } from '../../src/log/record-batch.ts';
import { RecordBuffer } from '../../src/log/record-buffer.ts';
import type { Cut } from '../../src/runtime/sink/sink-target.ts';

export interface GivenRecord {
  readonly key?: string | null;
  /** An object becomes JSON, a text its bytes. */
  readonly value: unknown;
  readonly timestamp?: number;
  readonly headers?: Headers;
}

/** Batches of one partition as a log would hand them out. */
export function batchesOf(
  topic: string,
  partition: number,
  from: number,
  records: readonly GivenRecord[],
): RecordBatch[] {
  const buffer = new RecordBuffer();
  for (const { key = 'a', value, timestamp = 1_700_000_000_000, headers = [] } of records) {
    const bytes =
      value === null
        ? null
        : value instanceof Uint8Array
          ? value
          : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    buffer.append(timestamp, key === null ? null : Buffer.from(key), bytes, headers);
  }
  let base = from;
  return buffer.batches().map(({ bytes, count }) => {
    const batch = new RecordBatch(topic, partition, 1, base, Buffer.from(bytes), count);
    base += count;
    return batch;
  });
}

/** The cut that holds exactly these batches. */
export function cutOf(number: number, batches: readonly RecordBatch[]): Cut {
  const ranges = new Map<string, { topic: string; partition: number; from: number; to: number }>();
  for (const batch of batches) {
    const key = `${batch.topic}-${batch.partition}`;
    const from = batch.offsetAt(0);
    const to = batch.offsetAt(batch.length - 1) + 1;
    const range = ranges.get(key);
    ranges.set(key, {
      topic: batch.topic,
      partition: batch.partition,
      from: Math.min(from, range?.from ?? from),
      to: Math.max(to, range?.to ?? to),
    });
  }
  return { sink: 'clickhouse', number, ranges: [...ranges.values()] };
}
