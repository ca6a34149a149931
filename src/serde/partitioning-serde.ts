import type { Serde } from './serde.ts';

/** The serde of a key that goes to another partition than its own bytes say: a windowed key goes where its key goes. */
export interface PartitioningSerde<T> extends Serde<T> {
  /** The bytes that choose the partition. */
  partitionBytes(value: T): Uint8Array;
}
