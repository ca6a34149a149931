import type { TopicPartition } from '../../record.ts';
import { partitionKey } from '../fetch/fetch-position.ts';

/** The partitions of each group that this process has committed offsets of. */
export class CommittedPartitions {
  readonly #groups = new Map<string, Map<string, TopicPartition>>();

  note(group: string, partitions: readonly TopicPartition[]): void {
    const known = this.#groups.get(group) ?? new Map<string, TopicPartition>();
    this.#groups.set(group, known);
    for (const { topic, partition } of partitions) {
      const key = partitionKey(topic, partition);
      if (!known.has(key)) known.set(key, { topic, partition });
    }
  }

  of(group: string): readonly TopicPartition[] {
    return [...(this.#groups.get(group)?.values() ?? [])];
  }
}
