import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { Headers, RecordPosition } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { Serde } from '../../serde/serde.ts';
import type { EmbeddedRecord } from './embedded-application.ts';

/** A record to be appended. */
export interface NewEmbeddedRecord<K, V> {
  readonly key: K | null;
  /** Null deletes the key's row, where the topic is a table's. */
  readonly value: V | null;
  /** Milliseconds since 1970; without it the application's clock. */
  readonly timestamp?: number;
  readonly headers?: Headers;
  /** Without it the key's (murmur2). */
  readonly partition?: number;
}

/** A committed record, and where it stands. */
export interface StoredEmbeddedRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly headers: Headers;
  readonly partition: number;
  readonly offset: number;
}

/** Where reading a topic begins. */
export interface ReadOptions {
  /** The first offset wanted of each partition, by the partition's number; without it what the log still holds. */
  readonly from?: readonly number[];
}

/** Where reading a topic begins, and whether it ends. */
export interface FollowOptions extends ReadOptions {
  /** Waits for further records at the end, until `signal` is aborted or the application closes. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** How long a follower waits for a commit before it looks whether it is to end. */
const WAIT_MAX_MS = 100;

/** A topic of an {@link EmbeddedApplication}, as values. */
export class EmbeddedTopic<K, V> {
  readonly name: string;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #log: Log;
  readonly #append: (records: readonly EmbeddedRecord[]) => Promise<readonly RecordPosition[]>;

  constructor(
    name: string,
    serdes: { readonly key: Serde<K>; readonly value: Serde<V> },
    log: Log,
    append: (records: readonly EmbeddedRecord[]) => Promise<readonly RecordPosition[]>,
  ) {
    this.name = name;
    this.#key = serdes.key;
    this.#value = serdes.value;
    this.#log = log;
    this.#append = append;
  }

  /** Resolves with the records' positions when they are on disk: all of them, or none. */
  append(records: readonly NewEmbeddedRecord<K, V>[]): Promise<readonly RecordPosition[]> {
    return this.#append(records.map((record) => this.encode(record)));
  }

  /** The record in bytes, for {@link EmbeddedApplication.append} of records of several topics in one commit. */
  encode({ key, value, ...rest }: NewEmbeddedRecord<K, V>): EmbeddedRecord {
    return {
      ...rest,
      topic: this.name,
      key: key === null ? null : this.#key.serialize(key),
      value: value === null ? null : this.#value.serialize(value),
    };
  }

  /** What is committed at the call, all in memory: partition after partition, in the order of offsets. */
  async read(options: ReadOptions = {}): Promise<readonly StoredEmbeddedRecord<K, V>[]> {
    const records: StoredEmbeddedRecord<K, V>[] = [];
    for await (const record of this.records(options)) records.push(record);
    return records;
  }

  /**
   * What is committed, batch after batch, partitions in turn; in the order of offsets within each. Throws OFFSET_OUT_OF_RANGE
   * for a `from` that the log does not hold, LOG_CLOSED when the application closes meanwhile (a follower just ends).
   */
  async *records(options: FollowOptions = {}): AsyncGenerator<StoredEmbeddedRecord<K, V>> {
    try {
      yield* this.#records(options);
    } catch (error) {
      const hasClosed = error instanceof HeadraceError && error.code === 'LOG_CLOSED';
      if (options.follow !== true || !hasClosed) throw error;
    }
  }

  async *#records({ from, follow = false, signal }: FollowOptions): AsyncGenerator<StoredEmbeddedRecord<K, V>> {
    const next: number[] = [];
    const ends: number[] = [];
    for (const { partition, start, end } of await this.#log.watermarks(this.name)) {
      next.push(from?.[partition] ?? start);
      ends.push(follow ? Number.POSITIVE_INFINITY : end);
    }
    const isStopped = () => signal?.aborted === true;
    while (!isStopped()) {
      let isAtEnd = true;
      for (const [partition, end] of ends.entries()) {
        const batch = next[partition] === end ? null : await this.#log.read(this.name, partition, next[partition]!);
        if (batch === null || batch.length === 0) continue;
        isAtEnd = false;
        for (let index = 0; index < batch.length && batch.offsetAt(index) < end; index++) {
          yield this.#decode(batch, index);
          if (isStopped()) return;
        }
        next[partition] = Math.min(batch.offsetAt(batch.length - 1) + 1, end);
      }
      if (isAtEnd && !follow) return;
      if (isAtEnd) await this.#log.awaitCommit(WAIT_MAX_MS);
    }
  }

  #decode(batch: RecordBatch, index: number): StoredEmbeddedRecord<K, V> {
    const [key, value] = [batch.keyAt(index), batch.valueAt(index)];
    return {
      key: key === null ? null : this.#key.deserialize(key),
      value: value === null ? null : this.#value.deserialize(value),
      timestamp: batch.timestampAt(index),
      headers: batch.headersAt(index),
      partition: batch.partition,
      offset: batch.offsetAt(index),
    };
  }
}
