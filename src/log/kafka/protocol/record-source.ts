import type { RecordBuffer } from '../../record-buffer.ts';
import {
  BATCH_HEADER_BYTES,
  HEADER_COUNT_AT,
  KEY_LENGTH_AT,
  LENGTH_AT,
  RECORD_HEADER_BYTES,
  TIMESTAMP_AT,
  VALUE_LENGTH_AT,
} from '../../record-layout.ts';
import { type ViewedBytes, viewedBytes } from './copy-bytes.ts';
import { varintBytes } from './varint.ts';

export interface SourcePlace {
  readonly index: number;
  readonly batch: number;
  readonly left: number;
  readonly at: number;
}

/** Walks over the records of a buffer; the fields are those of the record it stands at. The buffer must not change meanwhile. */
export class RecordSource {
  readonly #batches: readonly (ViewedBytes & { readonly count: number })[];
  #batch = -1;
  #left = 0;
  /** Place of the record in `source`. */
  at = 0;
  /** Number of the record in the buffer. */
  index = -1;
  source: ViewedBytes = viewedBytes(new Uint8Array(0));
  timestamp = 0;
  keyLength = 0;
  valueLength = 0;
  headerCount = 0;

  constructor(buffer: RecordBuffer) {
    this.#batches = buffer.batches().map(({ bytes, count }) => ({ ...viewedBytes(bytes), count }));
    this.next();
  }

  get isAtEnd(): boolean {
    return this.#left === 0;
  }

  get valueAt(): number {
    return this.at + RECORD_HEADER_BYTES + Math.max(0, this.keyLength);
  }

  /** What a Kafka record takes behind its two deltas: key, value, headers and their lengths. */
  get contentBytes(): number {
    const { keyLength, valueLength } = this;
    let length = varintBytes(keyLength) + varintBytes(valueLength) + varintBytes(this.headerCount);
    if (keyLength > 0) length += keyLength;
    if (valueLength > 0) length += valueLength;
    return this.headerCount === 0 ? length : length + this.#headerBytes();
  }

  next(): void {
    this.index++;
    if (this.#left > 1) {
      this.#left--;
      this.at += this.source.view.getUint32(this.at + LENGTH_AT, true);
    } else {
      const batch = this.#batches[++this.#batch];
      this.#left = batch?.count ?? 0;
      if (batch === undefined) return;
      this.source = batch;
      this.at = BATCH_HEADER_BYTES;
    }
    this.#read();
  }

  place(): SourcePlace {
    return { index: this.index, batch: this.#batch, left: this.#left, at: this.at };
  }

  /** Back to a place where it stood before, not behind the last record. */
  returnTo({ index, batch, left, at }: SourcePlace): void {
    this.index = index;
    this.#batch = batch;
    this.#left = left;
    this.at = at;
    this.source = this.#batches[batch]!;
    this.#read();
  }

  #read(): void {
    const { view } = this.source;
    this.timestamp = view.getFloat64(this.at + TIMESTAMP_AT, true);
    this.keyLength = view.getInt32(this.at + KEY_LENGTH_AT, true);
    this.valueLength = view.getInt32(this.at + VALUE_LENGTH_AT, true);
    this.headerCount = view.getUint32(this.at + HEADER_COUNT_AT, true);
  }

  #headerBytes(): number {
    const { view } = this.source;
    let at = this.valueAt + Math.max(0, this.valueLength);
    let length = 0;
    for (let i = 0; i < this.headerCount; i++) {
      const nameLength = view.getUint16(at, true);
      const valueLength = view.getInt32(at + 2 + nameLength, true);
      const valueBytes = Math.max(0, valueLength);
      length += varintBytes(nameLength) + nameLength + varintBytes(valueLength) + valueBytes;
      at += 6 + nameLength + valueBytes;
    }
    return length;
  }
}
