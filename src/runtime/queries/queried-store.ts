import { HeadraceError } from '../../errors.ts';
import type { CommittedPartition } from '../../log/log.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { PartitioningSerde } from '../../serde/partitioning-serde.ts';
import type { Serde } from '../../serde/serde.ts';
import type { StoreDefinition } from '../../state/store-definition.ts';
import { WriteBuffer } from '../../state/write-buffer.ts';

/** A store and where its committed partitions are. */
export interface QueriedStore<D extends StoreDefinition> {
  readonly definition: D;
  readonly partitions: number;
  readonly committed: (partition: number) => CommittedPartition;
}

type Keyed<K> = QueriedStore<StoreDefinition> & { readonly definition: { readonly key: Serde<K> } };

/**
 * Stores read through a write buffer, also where there is nothing to write. This one is made anew for each query, because it would
 * keep what it has read.
 */
export function everyPartition(store: QueriedStore<StoreDefinition>): readonly WriteBuffer[] {
  return Array.from({ length: store.partitions }, (_, partition) => bufferOf(store, partition));
}

/**
 * What the first partition has that has anything: that of the key by murmur2 is asked first. The others are asked as well, for a
 * source may be written with another partitioner or to partitions by name, and a `process` may store any key.
 */
export function firstFound<K, T>(store: Keyed<K>, key: K, read: (buffer: WriteBuffer) => readonly T[]): readonly T[] {
  if (store.partitions === 0) return [];
  const home = partitionFor(partitionBytes(store.definition.key, key), store.partitions);
  const atHome = read(bufferOf(store, home));
  if (atHome.length > 0) return atHome;
  for (let partition = 0; partition < store.partitions; partition++) {
    if (partition === home) continue;
    const found = read(bufferOf(store, partition));
    if (found.length > 0) return found;
  }
  return [];
}

/** At most `limit` of each partition, brought into one order and cut there. */
export function gathered<T>(
  store: QueriedStore<StoreDefinition>,
  limit: number | undefined,
  read: (buffer: WriteBuffer) => Iterable<T>,
  compare: (left: T, right: T) => number,
): readonly T[] {
  const found = everyPartition(store).flatMap((buffer) => first(limit, read(buffer)));
  return found.sort(compare).slice(0, limit);
}

/** Throws USAGE for a limit that is no whole number of at least 1. */
export function first<T>(limit: number | undefined, all: Iterable<T>): readonly T[] {
  if (limit === undefined) return [...all];
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new HeadraceError('USAGE', `The limit of a query is a whole number of at least 1, not ${limit}`);
  }
  const taken: T[] = [];
  for (const each of all) {
    taken.push(each);
    if (taken.length === limit) break;
  }
  return taken;
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A windowed key is where its key is, as sinks have it. */
function partitionBytes<K>(serde: Serde<K>, key: K): Uint8Array {
  return 'partitionBytes' in serde ? (serde as PartitioningSerde<K>).partitionBytes(key) : serde.serialize(key);
}

function bufferOf({ definition, committed }: QueriedStore<StoreDefinition>, partition: number): WriteBuffer {
  return new WriteBuffer(definition.name, partition, committed(partition));
}
