import type { Headers } from '../log/record.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';
import type { SessionKeyValueStore, VersionedKeyValueStore, WindowedKeyValueStore } from '../state/process-stores.ts';
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  VersionedStoreDefinition,
  WindowStoreDefinition,
} from '../state/store-definition.ts';

/** The stores that a processor declared, as it uses them. */
export type StoresOf<S> = {
  readonly [Name in keyof S]: S[Name] extends KeyValueStoreDefinition<infer K, infer V>
    ? KeyValueStore<K, V>
    : S[Name] extends WindowStoreDefinition<infer K, infer V>
      ? WindowedKeyValueStore<K, V>
      : S[Name] extends SessionStoreDefinition<infer K, infer V>
        ? SessionKeyValueStore<K, V>
        : S[Name] extends VersionedStoreDefinition<infer K, infer V>
          ? VersionedKeyValueStore<K, V>
          : never;
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

/** What a forwarded record has of its own; else it takes over timestamp and headers of the record in process. */
export interface ForwardOptions {
  readonly timestamp?: number;
  readonly headers?: Headers;
}

/** When a punctuation comes. */
export interface PunctuationOptions {
  readonly everyMs: number;
  /** `stream-time`: the task's records move it. `wall-clock`: it also comes when nothing does, and never the same way twice. */
  readonly type: 'stream-time' | 'wall-clock';
}

/** What a processor may use. */
export interface ProcessorContext<S, K, V> {
  readonly stores: StoresOf<S>;
  /** The number of the task's partition. */
  readonly partition: number;
  /**
   * Calls a function again and again, on stream time or by the wall clock; to be called while the processor is made. What it
   * forwards has its time as timestamp. What it throws ends the worker: there is no record that could be put aside.
   */
  schedule(options: PunctuationOptions, punctuator: (timestamp: number) => void): void;
  /** Sends a record downstream; any number of times for one input record. */
  forward(key: K | null, value: V | null, options?: ForwardOptions): void;
}

/** Handles one record. It must keep no state of its own outside the stores: after an abort it is made anew. */
export type Processor<K, V> = (key: K | null, value: V | null, record: RecordContext) => void;

/** The erased form that nodes carry. */
export type ProcessorSupplier = (context: ProcessorContext<unknown, unknown, unknown>) => Processor<unknown, unknown>;
