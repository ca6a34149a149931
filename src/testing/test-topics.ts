import type { Headers } from '../log/record.ts';
import type { Serde } from '../serde/serde.ts';

/** A record as a test reads it. */
export interface TestRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  readonly timestamp: number;
  readonly headers: Headers;
  readonly partition: number;
  readonly offset: number;
}

/** What a record that is piped has besides key and value. */
export interface PipeOptions {
  /** Milliseconds since 1970; without it the driver's own clock. */
  readonly timestamp?: number;
  readonly headers?: Headers;
  /** Without it the key's partition (murmur2). */
  readonly partition?: number;
}

/** Writes records of a topic into the topology under test. */
export class TestInputTopic<K, V> {
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #pipe: (key: Uint8Array | null, value: Uint8Array | null, options: PipeOptions) => void;

  /** @internal */
  constructor(
    key: Serde<K>,
    value: Serde<V>,
    pipe: (key: Uint8Array | null, value: Uint8Array | null, options: PipeOptions) => void,
  ) {
    this.#key = key;
    this.#value = value;
    this.#pipe = pipe;
  }

  /** Pipes a record through the topology to its end. */
  pipe(key: K | null, value: V | null, options: PipeOptions = {}): void {
    this.#pipe(
      key === null ? null : this.#key.serialize(key),
      value === null ? null : this.#value.serialize(value),
      options,
    );
  }

  /** Bytes as they are, for records that no serde would write. */
  pipeBytes(key: Uint8Array | null, value: Uint8Array | null, options: PipeOptions = {}): void {
    this.#pipe(key, value, options);
  }
}

/** Reads what the topology under test has written to a topic and committed; each record once. */
export class TestOutputTopic<K, V> {
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #take: () => readonly TestRecord<Uint8Array, Uint8Array>[];

  /** @internal */
  constructor(key: Serde<K>, value: Serde<V>, take: () => readonly TestRecord<Uint8Array, Uint8Array>[]) {
    this.#key = key;
    this.#value = value;
    this.#take = take;
  }

  /** All records since the last call: partition after partition, in the order of their offsets. */
  readAll(): readonly TestRecord<K, V>[] {
    return this.#take().map((record) => ({
      ...record,
      key: record.key === null ? null : this.#key.deserialize(record.key),
      value: record.value === null ? null : this.#value.deserialize(record.value),
    }));
  }

  /** As {@link readAll}, keys and values alone. */
  readKeyValues(): readonly (readonly [K | null, V | null])[] {
    return this.readAll().map(({ key, value }) => [key, value] as const);
  }
}
