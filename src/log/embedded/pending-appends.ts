import type { NewRecord, RecordPosition } from '../record.ts';
import { NO_HEADERS } from '../record.ts';
import { RecordBuffer } from '../record-buffer.ts';
import type { PartitionLog } from './partition-log.ts';
import type { TopicCatalog } from './topic-catalog.ts';

/** A buffer that grew past this is not kept for the next commit. */
const KEPT_BUFFER_BYTES = 8 * 1024 * 1024;

interface AppendRequest {
  readonly records: readonly NewRecord[];
  /** For each record its partition and its place among those that wait for that partition. */
  readonly partitions: readonly PartitionLog[];
  readonly places: readonly number[];
  readonly resolve: (positions: readonly RecordPosition[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Records of producers that wait for the next commit. They are encoded as they come, one buffer for each partition, so
 * that single records of many producers become one batch.
 */
export class PendingAppends {
  readonly #topics: TopicCatalog;
  #buffers = new Map<PartitionLog, RecordBuffer>();
  #requests: AppendRequest[] = [];
  #records = 0;
  #bytes = 0;

  constructor(topics: TopicCatalog) {
    this.#topics = topics;
  }

  get recordCount(): number {
    return this.#records;
  }

  get byteLength(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  bytesFor(partition: PartitionLog): number {
    return this.#buffers.get(partition)?.byteLength ?? 0;
  }

  /** The partition of each record. Throws TOPIC_UNKNOWN, PARTITION_UNKNOWN. */
  partitionsOf(records: readonly NewRecord[]): readonly PartitionLog[] {
    let last: PartitionLog | undefined;
    return records.map(({ topic, partition }) => {
      if (last === undefined || last.partition !== partition || last.topic !== topic)
        last = this.#topics.partition(topic, partition);
      return last;
    });
  }

  /** All of the records or none: throws RECORD_TOO_LARGE, TIMESTAMP_INVALID with everything as before. */
  add(records: readonly NewRecord[], partitions: readonly PartitionLog[]): Promise<readonly RecordPosition[]> {
    const counts = new Map<RecordBuffer, number>();
    let bytes = 0;
    const places: number[] = [];
    try {
      records.forEach((record, i) => {
        const buffer = this.#bufferOf(partitions[i]!);
        if (!counts.has(buffer)) counts.set(buffer, buffer.count);
        places.push(buffer.count);
        const before = buffer.byteLength;
        buffer.append(record.timestamp, record.key, record.value, record.headers ?? NO_HEADERS);
        bytes += buffer.byteLength - before;
      });
    } catch (error) {
      for (const [buffer, count] of counts) buffer.truncate(count);
      throw error;
    }
    this.#records += records.length;
    this.#bytes += bytes;
    return new Promise((resolve, reject) => this.#requests.push({ records, partitions, places, resolve, reject }));
  }

  buffers(): readonly { readonly partition: PartitionLog; readonly buffer: RecordBuffer }[] {
    return [...this.#buffers]
      .filter(([, buffer]) => buffer.count > 0)
      .map(([partition, buffer]) => ({ partition, buffer }));
  }

  /** They are on disk, those of each partition from its base offset on. */
  resolve(bases: ReadonlyMap<PartitionLog, number>): void {
    for (const { partitions, places, resolve } of this.#take()) {
      resolve(
        partitions.map((at, i) => ({ topic: at.topic, partition: at.partition, offset: bases.get(at)! + places[i]! })),
      );
    }
  }

  reject(error: unknown): void {
    for (const request of this.#take()) request.reject(error);
  }

  #take(): readonly AppendRequest[] {
    const requests = this.#requests;
    this.#requests = [];
    this.#records = 0;
    this.#bytes = 0;
    for (const [partition, buffer] of this.#buffers) {
      if (buffer.byteLength > KEPT_BUFFER_BYTES) this.#buffers.delete(partition);
      else buffer.clear();
    }
    return requests;
  }

  #bufferOf(partition: PartitionLog): RecordBuffer {
    let buffer = this.#buffers.get(partition);
    if (buffer === undefined) {
      buffer = new RecordBuffer();
      this.#buffers.set(partition, buffer);
    }
    return buffer;
  }
}
