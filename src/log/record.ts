/** Headers of a record in order; a name may occur twice, a value may be null (as in Kafka). */
export type Headers = readonly (readonly [name: string, value: Uint8Array | null])[];

export const NO_HEADERS: Headers = Object.freeze([]);

/** A record to be written. `timestamp` is in milliseconds since 1970 (UTC); a null value is a tombstone. */
export interface NewRecord {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Headers;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Where a written record stands. */
export interface RecordPosition extends TopicPartition {
  readonly offset: number;
}
