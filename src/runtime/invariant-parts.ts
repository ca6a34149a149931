import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import { fromBinaryString } from '../state/binary-string.ts';
import { SerdeKeyValueStore } from '../state/key-value-store.ts';
import type { KeyValueStoreDefinition } from '../state/store-definition.ts';
import { readTimestamped, TimestampedStore } from '../state/timestamped-store.ts';
import type { WriteBuffer } from '../state/write-buffer.ts';
import type { InvariantChange, InvariantRecord, InvariantStore } from '../streams/topology/invariants.ts';
import type { SourceNode } from '../streams/topology/nodes.ts';
import type { CurrentRecord } from './current-record.ts';
import type { Forwards } from './forwards.ts';
import type { RecordQueue } from './record-queue.ts';

const NOT_DECODED = Symbol('not decoded');

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
  readonly forwards: Forwards;
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  /** Grows with each step. */
  step = 0;
  #records: readonly InvariantRecord[] | undefined;

  constructor(topic: string, forwards: Forwards, key: Serde<unknown>, value: Serde<unknown>) {
    this.#topic = topic;
    this.forwards = forwards;
    this.key = key;
    this.value = value;
  }

  isOf(topic: string, key: Serde<unknown>, value: Serde<unknown>): boolean {
    return topic === this.#topic && key === this.key && value === this.value;
  }

  get isTouched(): boolean {
    return this.forwards.count > 0;
  }

  read(): readonly InvariantRecord[] {
    if (this.#records === undefined) {
      const records: InvariantRecord[] = [];
      for (let i = 0; i < this.forwards.count; i++) records.push(new ForwardedRecord(this, i));
      this.#records = records.length === 0 ? NONE : records;
    }
    return this.#records;
  }

  forget(): void {
    this.#records = undefined;
    this.step++;
  }
}

const NONE: readonly InvariantRecord[] = Object.freeze([]);

class ForwardedRecord implements InvariantRecord {
  readonly timestamp: number;
  readonly #part: ForwardedPart;
  readonly #index: number;
  readonly #step: number;
  #key: unknown = NOT_DECODED;
  #value: unknown = NOT_DECODED;

  constructor(part: ForwardedPart, index: number) {
    this.timestamp = part.forwards.timestampAt(index);
    this.#part = part;
    this.#index = index;
    this.#step = part.step;
  }

  get key(): unknown {
    if (this.#key === NOT_DECODED) {
      const { forwards, key } = this.#presentPart();
      this.#key = decoded(key, forwards.keyAt(this.#index));
    }
    return this.#key;
  }

  get value(): unknown {
    if (this.#value === NOT_DECODED) {
      const { forwards, value } = this.#presentPart();
      this.#value = decoded(value, forwards.valueAt(this.#index));
    }
    return this.#value;
  }

  /** The bytes have other records in them by the next step. */
  #presentPart(): ForwardedPart {
    if (this.#part.step === this.#step) return this.#part;
    throw new HeadraceError(
      'PROCESSING_FAILED',
      'A forwarded record can be read in the call of its invariant only; keep its key and value instead',
    );
  }
}

/** A serde that returns its argument (bytes) would let its owner into what is to be committed. */
function decoded(serde: Serde<unknown>, bytes: Uint8Array | null): unknown {
  if (bytes === null) return null;
  const value = serde.deserialize(bytes);
  return value === bytes ? bytes.slice() : value;
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
    if (this.#changes === undefined) {
      const changes: InvariantChange[] = [];
      if (this.isTouched) {
        this.#buffer.eachRecordChange((key, before, after) => {
          changes.push(new StoreChange(this.#definition, key, before, after));
        });
      }
      this.#changes = changes;
    }
    return this.#changes;
  }

  get(key: unknown): unknown {
    return this.#get(key);
  }

  forget(): void {
    this.#changes = undefined;
  }
}

class StoreChange implements InvariantChange {
  readonly #definition: KeyValueStoreDefinition;
  readonly #keyBytes: string;
  readonly #beforeBytes: Uint8Array | null;
  readonly #afterBytes: Uint8Array | null;
  #key: unknown = NOT_DECODED;
  #before: unknown = NOT_DECODED;
  #after: unknown = NOT_DECODED;

  constructor(definition: KeyValueStoreDefinition, key: string, before: Uint8Array | null, after: Uint8Array | null) {
    this.#definition = definition;
    this.#keyBytes = key;
    this.#beforeBytes = before;
    this.#afterBytes = after;
  }

  get key(): unknown {
    if (this.#key === NOT_DECODED) this.#key = this.#definition.key.deserialize(fromBinaryString(this.#keyBytes));
    return this.#key;
  }

  get before(): unknown {
    if (this.#before === NOT_DECODED) this.#before = this.#decoded(this.#beforeBytes);
    return this.#before;
  }

  get after(): unknown {
    if (this.#after === NOT_DECODED) this.#after = this.#decoded(this.#afterBytes);
    return this.#after;
  }

  #decoded(bytes: Uint8Array | null): unknown {
    if (bytes === null) return undefined;
    const { value, timestamped } = this.#definition;
    // A copy: a serde may return a view of its argument, and its owner may write into that.
    return timestamped ? readTimestamped(bytes, value) : value.deserialize(bytes.slice());
  }
}
