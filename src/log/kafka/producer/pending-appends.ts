import { type NewRecord, NO_HEADERS, type RecordPosition, type TopicPartition } from '../../record.ts';
import { RecordBuffer } from '../../record-buffer.ts';
import { partitionKey } from '../fetch/fetch-position.ts';

interface Pending extends TopicPartition {
  readonly buffer: RecordBuffer;
}

/** One call of append: its records, and each one's place among those of its partition. */
export interface AppendCall {
  readonly places: readonly { readonly partition: string; readonly index: number }[];
  readonly partitions: ReadonlySet<string>;
  resolve(positions: readonly RecordPosition[]): void;
  reject(error: unknown): void;
}

/** Calls that go out together: encoded as they come, one buffer for each partition, so that single records become batches. */
export class PendingAppends {
  readonly #buffers = new Map<string, Pending>();
  readonly calls: AppendCall[] = [];
  recordCount = 0;
  byteLength = 0;

  get parts(): readonly Pending[] {
    return [...this.#buffers.values()];
  }

  /** All of the records or none: throws RECORD_TOO_LARGE, TIMESTAMP_INVALID with everything as before. */
  add(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    const counts = new Map<Pending, number>();
    const places: { partition: string; index: number }[] = [];
    let bytes = 0;
    try {
      for (const record of records) {
        const key = partitionKey(record.topic, record.partition);
        const pending = this.#pending(key, record);
        if (!counts.has(pending)) counts.set(pending, pending.buffer.count);
        places.push({ partition: key, index: pending.buffer.count });
        const before = pending.buffer.byteLength;
        pending.buffer.append(record.timestamp, record.key, record.value, record.headers ?? NO_HEADERS);
        bytes += pending.buffer.byteLength - before;
      }
    } catch (error) {
      for (const [{ buffer }, count] of counts) buffer.truncate(count);
      throw error;
    }
    this.recordCount += records.length;
    this.byteLength += bytes;
    const partitions = new Set(places.map(({ partition }) => partition));
    return new Promise((resolve, reject) => this.calls.push({ places, partitions, resolve, reject }));
  }

  #pending(key: string, { topic, partition }: TopicPartition): Pending {
    let pending = this.#buffers.get(key);
    if (pending === undefined) {
      pending = { topic, partition, buffer: new RecordBuffer() };
      this.#buffers.set(key, pending);
    }
    return pending;
  }
}
