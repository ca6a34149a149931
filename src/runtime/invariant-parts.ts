import type { Serde } from '../serde/serde.ts';
import { fromBinaryString } from '../state/binary-string.ts';
import { SerdeKeyValueStore } from '../state/key-value-store.ts';
import type { KeyValueStoreDefinition } from '../state/store-definition.ts';
import { readTimestamped, TimestampedStore } from '../state/timestamped-store.ts';
import type { RecordChange, WriteBuffer } from '../state/write-buffer.ts';
import type { InvariantChange, InvariantRecord, InvariantStore } from '../streams/topology/invariants.ts';
import type { SourceNode } from '../streams/topology/nodes.ts';
import type { CurrentRecord } from './current-record.ts';
import type { Forwards } from './forwards.ts';
import type { RecordQueue } from './record-queue.ts';

/** Something that an invariant looks at; it keeps what it has decoded until the next step of the task. */
export interface Part {
  /** Whether the present step has written anything of it. */
  readonly isTouched: boolean;
  forget(): void;
}

/** The record that came in, where it came from one source. */
export class InputPart implements Part {
  /** Whose head the record is; undefined where the record was processed before, and only its bytes are at hand. */
  queue: RecordQueue | undefined;
  readonly isTouched = false;
  readonly #source: SourceNode;
  readonly #topic: string;
  readonly #record: CurrentRecord;

  constructor(source: SourceNode, topic: string, record: CurrentRecord) {
    this.#source = source;
    this.#topic = topic;
    this.#record = record;
  }

  read(): InvariantRecord | undefined {
    const { batch, index, timestamp, topic } = this.#record;
    if (batch === undefined || topic !== this.#topic) return undefined;
    if (this.queue !== undefined) return { key: this.queue.key, value: this.queue.value, timestamp };
    const { key, value } = this.#source;
    const headers = batch.headersAt(index);
    const decoded = (serde: Serde<unknown>, bytes: Uint8Array | null) =>
      bytes === null ? null : serde.deserialize(bytes, headers);
    return { key: decoded(key, batch.keyAt(index)), value: decoded(value, batch.valueAt(index)), timestamp };
  }

  forget(): void {
    this.queue = undefined;
  }
}

/** What was forwarded to one topic. */
export class ForwardedPart implements Part {
  readonly #topic: string;
  readonly #forwards: Forwards;
  readonly #key: Serde<unknown>;
  readonly #value: Serde<unknown>;
  #records: readonly InvariantRecord[] | undefined;

  constructor(topic: string, forwards: Forwards, key: Serde<unknown>, value: Serde<unknown>) {
    this.#topic = topic;
    this.#forwards = forwards;
    this.#key = key;
    this.#value = value;
  }

  isOf(topic: string, key: Serde<unknown>, value: Serde<unknown>): boolean {
    return topic === this.#topic && key === this.#key && value === this.#value;
  }

  get isTouched(): boolean {
    return this.#forwards.count > 0;
  }

  read(): readonly InvariantRecord[] {
    if (this.#records === undefined) {
      const records: InvariantRecord[] = [];
      for (let i = 0; i < this.#forwards.count; i++) {
        const [key, value] = [this.#forwards.keyAt(i), this.#forwards.valueAt(i)];
        records.push(new ForwardedRecord(this.#forwards.timestampAt(i), this.#key, key, this.#value, value));
      }
      this.#records = records;
    }
    return this.#records;
  }

  forget(): void {
    this.#records = undefined;
  }
}

class ForwardedRecord implements InvariantRecord {
  readonly timestamp: number;
  readonly #keySerde: Serde<unknown>;
  readonly #valueSerde: Serde<unknown>;
  readonly #keyBytes: Uint8Array | null;
  readonly #valueBytes: Uint8Array | null;
  #key: unknown;
  #value: unknown;

  constructor(
    timestamp: number,
    keySerde: Serde<unknown>,
    keyBytes: Uint8Array | null,
    valueSerde: Serde<unknown>,
    valueBytes: Uint8Array | null,
  ) {
    this.timestamp = timestamp;
    this.#keySerde = keySerde;
    this.#keyBytes = keyBytes;
    this.#valueSerde = valueSerde;
    this.#valueBytes = valueBytes;
  }

  get key(): unknown {
    if (this.#key === undefined) {
      this.#key = this.#keyBytes === null ? null : this.#keySerde.deserialize(this.#keyBytes);
    }
    return this.#key;
  }

  get value(): unknown {
    if (this.#value === undefined) {
      this.#value = this.#valueBytes === null ? null : this.#valueSerde.deserialize(this.#valueBytes);
    }
    return this.#value;
  }
}

/** The entries of a store that changed. */
export class StorePart implements Part, InvariantStore {
  readonly #definition: KeyValueStoreDefinition;
  readonly #buffer: WriteBuffer;
  readonly #get: (key: unknown) => unknown;
  #changes: readonly InvariantChange[] | undefined;

  constructor(definition: KeyValueStoreDefinition, buffer: WriteBuffer) {
    this.#definition = definition;
    this.#buffer = buffer;
    const store = definition.timestamped
      ? new TimestampedStore(definition, buffer)
      : new SerdeKeyValueStore(definition, buffer);
    this.#get = (key) => store.get(key) ?? undefined;
  }

  get isTouched(): boolean {
    return this.#buffer.isChangedByRecord;
  }

  get changes(): readonly InvariantChange[] {
    this.#changes ??= this.#buffer.recordChanges().map((change) => new StoreChange(this.#definition, change));
    return this.#changes;
  }

  get(key: unknown): unknown {
    return this.#get(key);
  }

  forget(): void {
    this.#changes = undefined;
  }
}

const NOT_DECODED = Symbol('not decoded');

class StoreChange implements InvariantChange {
  readonly #definition: KeyValueStoreDefinition;
  readonly #change: RecordChange;
  #key: unknown = NOT_DECODED;
  #before: unknown = NOT_DECODED;
  #after: unknown = NOT_DECODED;

  constructor(definition: KeyValueStoreDefinition, change: RecordChange) {
    this.#definition = definition;
    this.#change = change;
  }

  get key(): unknown {
    if (this.#key === NOT_DECODED) this.#key = this.#definition.key.deserialize(fromBinaryString(this.#change.key));
    return this.#key;
  }

  get before(): unknown {
    if (this.#before === NOT_DECODED) this.#before = this.#decoded(this.#change.before);
    return this.#before;
  }

  get after(): unknown {
    if (this.#after === NOT_DECODED) this.#after = this.#decoded(this.#change.after);
    return this.#after;
  }

  #decoded(bytes: Uint8Array | null): unknown {
    if (bytes === null) return undefined;
    const { value, timestamped } = this.#definition;
    // A copy: a serde may return a view of its argument, and its owner may write into that.
    return timestamped ? readTimestamped(bytes, value) : value.deserialize(bytes.slice());
  }
}
