import { RecordBatch } from '../../record-batch.ts';
import { BATCH_BYTES_TARGET, BATCH_RECORDS_MAX } from '../../record-buffer.ts';
import {
  BATCH_HEADER_BYTES,
  HEADER_COUNT_AT,
  KEY_LENGTH_AT,
  LENGTH_AT,
  OFFSET_DELTA_AT,
  RECORD_HEADER_BYTES,
  TIMESTAMP_AT,
  VALUE_LENGTH_AT,
} from '../../record-layout.ts';
import { copyBytes, type ViewedBytes, viewedBytes } from './copy-bytes.ts';

/** Room for a batch that is closed by its last record ... */
const INITIAL_BYTES = 2 * BATCH_BYTES_TARGET;
/** ... and what is kept from a greater one. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** Offsets count from the batch's first in 32 bits. */
const OFFSET_DELTA_MAX = 0xffff_ffff;

/** A record as it is found in its source; lengths of -1 are nulls. `headersLength` is what the headers take in our layout. */
export interface FoundRecord {
  offset: number;
  timestamp: number;
  keyAt: number;
  keyLength: number;
  valueAt: number;
  valueLength: number;
  headerCount: number;
  headersLength: number;
}

/** Lays out records one behind the other (record-layout.ts) and hands out batches of them. Used again for the next batch. */
export class BatchBuilder {
  #target: ViewedBytes = scratch();
  #byteLength = BATCH_HEADER_BYTES;
  #count = 0;
  #baseOffset = 0;

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= BATCH_RECORDS_MAX || this.#byteLength >= BATCH_BYTES_TARGET;
  }

  /** Whether records up to this offset can stand in the same batch. */
  reaches(lastOffset: number): boolean {
    return this.#count === 0 || lastOffset - this.#baseOffset <= OFFSET_DELTA_MAX;
  }

  /** Appends a record without its headers; returns where those go. */
  append(record: FoundRecord, source: ViewedBytes): number {
    const { keyLength, valueLength } = record;
    const at = this.#byteLength;
    const keyAt = at + RECORD_HEADER_BYTES;
    const valueAt = keyLength > 0 ? keyAt + keyLength : keyAt;
    const headersAt = valueLength > 0 ? valueAt + valueLength : valueAt;
    const end = headersAt + record.headersLength;
    if (end > this.#target.bytes.length) this.#grow(end);
    if (this.#count === 0) this.#baseOffset = record.offset;
    const target = this.#target;
    const { view } = target;
    view.setUint32(at + LENGTH_AT, end - at, true);
    view.setUint32(at + OFFSET_DELTA_AT, record.offset - this.#baseOffset, true);
    view.setFloat64(at + TIMESTAMP_AT, record.timestamp, true);
    view.setInt32(at + KEY_LENGTH_AT, keyLength, true);
    view.setInt32(at + VALUE_LENGTH_AT, valueLength, true);
    view.setUint32(at + HEADER_COUNT_AT, record.headerCount, true);
    if (keyLength > 0) copyBytes(source, record.keyAt, target, keyAt, keyLength);
    if (valueLength > 0) copyBytes(source, record.valueAt, target, valueAt, valueLength);
    this.#byteLength = end;
    this.#count++;
    return headersAt;
  }

  /** Writes one header of the record appended last; returns the place behind it. */
  appendHeader(
    source: ViewedBytes,
    at: number,
    nameAt: number,
    nameLength: number,
    valueAt: number,
    valueLength: number,
  ): number {
    const target = this.#target;
    target.view.setUint16(at, nameLength, true);
    copyBytes(source, nameAt, target, at + 2, nameLength);
    const lengthAt = at + 2 + nameLength;
    target.view.setInt32(lengthAt, valueLength, true);
    if (valueLength <= 0) return lengthAt + 4;
    copyBytes(source, valueAt, target, lengthAt + 4, valueLength);
    return lengthAt + 4 + valueLength;
  }

  /** The batch, in memory of its own; the builder is empty then. */
  take(topic: string, partition: number, epoch: number): RecordBatch {
    const bytes = Buffer.allocUnsafeSlow(this.#byteLength);
    bytes.set(this.#target.bytes.subarray(0, this.#byteLength));
    const batch = new RecordBatch(topic, partition, epoch, this.#baseOffset, bytes, this.#count);
    this.clear();
    return batch;
  }

  clear(): void {
    this.#byteLength = BATCH_HEADER_BYTES;
    this.#count = 0;
    if (this.#target.bytes.length > KEPT_BYTES_MAX) this.#target = scratch();
  }

  #grow(byteLength: number): void {
    let size = this.#target.bytes.length * 2;
    while (size < byteLength) size *= 2;
    const grown = viewedBytes(Buffer.allocUnsafeSlow(size));
    grown.bytes.set(this.#target.bytes.subarray(0, this.#byteLength));
    this.#target = grown;
  }
}

/** Its batch header is of zeros, and stays so. */
function scratch(): ViewedBytes {
  return viewedBytes(Buffer.alloc(INITIAL_BYTES));
}
