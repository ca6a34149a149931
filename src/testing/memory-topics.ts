import { HeadraceError } from '../errors.ts';
import type { PartitionRecords, TopicConfig } from '../log/log.ts';
import type { TopicPartition } from '../log/record.ts';
import { MemoryTopic } from './memory-topic.ts';
import type { TestRecord } from './test-topics.ts';

/** What a commit appended: where, and from which offset on. */
export interface Appended extends TopicPartition {
  readonly from: number;
}

/** All topics of a topology under test, and how far each has been read by the test. */
export class MemoryTopics {
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #readPositions = new Map<string, number>();

  add(name: string, partitions: number): void {
    if (!this.#topics.has(name)) this.#topics.set(name, new MemoryTopic(name, partitions));
  }

  /** Throws TOPIC_UNKNOWN. */
  get(name: string): MemoryTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new HeadraceError('TOPIC_UNKNOWN', `The topology has no topic ${name}`);
    return topic;
  }

  partitionsOf(name: string): number | undefined {
    return this.#topics.get(name)?.partitions.length;
  }

  configs(): ReadonlyMap<string, TopicConfig> {
    const config = ({ name, partitions }: MemoryTopic): TopicConfig => {
      return { name, partitions: partitions.length, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 };
    };
    return new Map([...this.#topics].map(([name, topic]) => [name, config(topic)]));
  }

  /** Every partition of every topic. */
  *all(): IterableIterator<TopicPartition> {
    for (const [topic, { partitions }] of this.#topics) {
      for (const partition of partitions.keys()) yield { topic, partition };
    }
  }

  append(records: readonly PartitionRecords[]): readonly Appended[] {
    return records.map(({ topic, partition, buffer }) => {
      const target = this.get(topic).partitions[partition]!;
      const from = target.end;
      target.append(buffer);
      return { topic, partition, from };
    });
  }

  /** The records of a topic that the test has not read yet. */
  take(topic: string): readonly TestRecord<Uint8Array, Uint8Array>[] {
    return this.get(topic).partitions.flatMap((target, partition) => {
      const place = `${partition} ${topic}`;
      const batches = target.from(this.#readPositions.get(place) ?? 0);
      this.#readPositions.set(place, target.end);
      return batches.flatMap((batch) =>
        Array.from({ length: batch.length }, (_, index) => ({
          key: batch.keyAt(index),
          value: batch.valueAt(index),
          timestamp: batch.timestampAt(index),
          headers: batch.headersAt(index),
          offset: batch.offsetAt(index),
          partition,
        })),
      );
    });
  }
}
