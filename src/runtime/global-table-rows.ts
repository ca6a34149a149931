import type { CommittedPartition } from '../log/log.ts';
import { partitionFor } from '../log/partitioner.ts';
import { toBinaryString } from '../state/binary-string.ts';
import type { KeyValueStoreDefinition } from '../state/store-definition.ts';
import { readTimestamped } from '../state/timestamped-store.ts';

/** The rows of a global table, as its worker has committed them. */
export class GlobalTableRows {
  readonly #definition: KeyValueStoreDefinition;
  readonly #partitions: readonly CommittedPartition[];

  /** One committed partition of the store for each partition of the topic. */
  constructor(definition: KeyValueStoreDefinition, partitions: readonly CommittedPartition[]) {
    this.#definition = definition;
    this.#partitions = partitions;
  }

  /**
   * The row, or null. It is looked for in the partition of its key first, and then in the others: whoever else writes to the topic
   * may have another way of choosing partitions.
   */
  get(key: unknown): unknown {
    const bytes = this.#definition.key.serialize(key);
    const binary = toBinaryString(bytes);
    const home = partitionFor(bytes, this.#partitions.length);
    const stored =
      this.#partitions[home]!.get(binary) ??
      this.#partitions.find((partition) => partition.get(binary) !== undefined)?.get(binary);
    return stored === undefined ? null : readTimestamped(stored, this.#definition.value);
  }
}
