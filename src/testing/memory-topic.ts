import { RecordBatch } from '../log/record-batch.ts';
import type { RecordBuffer } from '../log/record-buffer.ts';

/** The partitions of one topic in memory, as committed batches. */
export class MemoryTopic {
  readonly name: string;
  readonly partitions: readonly MemoryTopicPartition[];

  constructor(name: string, partitions: number) {
    this.name = name;
    this.partitions = Array.from({ length: partitions }, (_, partition) => new MemoryTopicPartition(name, partition));
  }
}

export class MemoryTopicPartition {
  readonly #topic: string;
  readonly #partition: number;
  readonly #batches: { readonly base: number; readonly bytes: Buffer; readonly count: number }[] = [];
  end = 0;

  constructor(topic: string, partition: number) {
    this.#topic = topic;
    this.#partition = partition;
  }

  append(buffer: RecordBuffer): void {
    for (const { bytes, count } of buffer.batches()) {
      this.#batches.push({ base: this.end, bytes: Buffer.from(bytes), count });
      this.end += count;
    }
  }

  /** The records from an offset on. */
  from(offset: number, epoch = 0): readonly RecordBatch[] {
    return this.#batches
      .slice(this.#indexOf(offset))
      .map(
        ({ base, bytes, count }) => new RecordBatch(this.#topic, this.#partition, epoch, base, bytes, count, offset),
      );
  }

  /** The first batch that holds the offset or lies behind it. */
  #indexOf(offset: number): number {
    let [low, high] = [0, this.#batches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { base, count } = this.#batches[middle]!;
      if (base + count > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
