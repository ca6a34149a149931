import type { Headers } from '../log/record.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';
import type { KeyValueStoreDefinition } from '../state/store-definition.ts';

/** The stores that a processor declared, as it uses them. */
export type StoresOf<S> = {
  readonly [Name in keyof S]: S[Name] extends KeyValueStoreDefinition<infer K, infer V> ? KeyValueStore<K, V> : never;
};

/** Where the record being processed comes from. One object is reused for all records: copy what must outlive the call. */
export interface RecordContext {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970: what the source's timestamp extractor made of it, else the log's timestamp. */
  readonly timestamp: number;
  readonly headers: Headers;
}

export interface ForwardOptions {
  readonly timestamp?: number;
  readonly headers?: Headers;
}

export interface ProcessorContext<S, K, V> {
  readonly stores: StoresOf<S>;
  /** The number of the task's partition. */
  readonly partition: number;
  /** Sends a record downstream; any number of times for one input record. */
  forward(key: K | null, value: V | null, options?: ForwardOptions): void;
}

/** Handles one record. It must keep no state of its own outside the stores: after an abort it is made anew. */
export type Processor<K, V> = (key: K | null, value: V | null, record: RecordContext) => void;

/** The erased form that nodes carry. */
export type ProcessorSupplier = (context: ProcessorContext<unknown, unknown, unknown>) => Processor<unknown, unknown>;
