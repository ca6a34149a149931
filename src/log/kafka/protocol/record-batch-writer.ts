import { RECORD_HEADER_BYTES } from '../../record-layout.ts';
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_LENGTH_AT,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LOG_OVERHEAD_BYTES,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  RECORDS_AT,
} from './batch-layout.ts';
import { copyBytes, type ViewedBytes, viewedBytes } from './copy-bytes.ts';
import type { RecordSource } from './record-source.ts';
import { VARINT_MAX, varintBytes, writeVarint } from './varint.ts';

/** Record batches one behind the other in one buffer that grows; the last one is open. */
export class RecordBatchWriter {
  #target: ViewedBytes;
  #start = 0;
  #at = RECORDS_AT;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  /** @param byteLength what is expected to be written. */
  constructor(byteLength: number) {
    this.#target = viewedBytes(Buffer.allocUnsafeSlow(byteLength + RECORDS_AT));
  }

  get count(): number {
    return this.#count;
  }

  /** The open batch, its header included. */
  get byteLength(): number {
    return this.#at - this.#start;
  }

  get start(): number {
    return this.#start;
  }

  /** Appends the record at which `source` stands, unless the batch would be greater than `maxBytes` then: false, nothing is written. */
  append(source: RecordSource, maxBytes: number): boolean {
    const delta = this.#count === 0 ? 0 : source.timestamp - this.#baseTimestamp;
    if (delta > VARINT_MAX || delta < -VARINT_MAX) return false;
    const length = 1 + varintBytes(delta) + varintBytes(this.#count) + source.contentBytes;
    const end = this.#at + varintBytes(length) + length;
    if (end - this.#start > maxBytes) return false;
    if (end > this.#target.bytes.length) this.#grow(end);
    if (this.#count === 0) {
      this.#baseTimestamp = source.timestamp;
      this.#maxTimestamp = source.timestamp;
    } else if (source.timestamp > this.#maxTimestamp) this.#maxTimestamp = source.timestamp;
    this.#write(source, length, delta);
    this.#at = end;
    this.#count++;
    return true;
  }

  /** Writes the header of the open batch and begins the next one; the producer's fields and the checksum are left for later. */
  close(attributes: number): void {
    const { view } = this.#target;
    const start = this.#start;
    view.setBigInt64(start + BASE_OFFSET_AT, 0n);
    view.setInt32(start + BATCH_LENGTH_AT, this.byteLength - LOG_OVERHEAD_BYTES);
    view.setInt32(start + LEADER_EPOCH_AT, -1);
    view.setInt8(start + MAGIC_AT, MAGIC);
    view.setInt16(start + ATTRIBUTES_AT, attributes);
    view.setInt32(start + LAST_OFFSET_DELTA_AT, this.#count - 1);
    view.setBigInt64(start + BASE_TIMESTAMP_AT, BigInt(this.#baseTimestamp));
    view.setBigInt64(start + MAX_TIMESTAMP_AT, BigInt(this.#maxTimestamp));
    view.setBigInt64(start + PRODUCER_ID_AT, -1n);
    view.setInt16(start + PRODUCER_EPOCH_AT, -1);
    view.setInt32(start + BASE_SEQUENCE_AT, -1);
    view.setInt32(start + RECORD_COUNT_AT, this.#count);
    this.#begin(this.#at);
  }

  /** Takes back what the open batch has. */
  drop(): void {
    this.#begin(this.#start);
  }

  /** Replaces the records of the open batch by fewer bytes. */
  replaceRecords(bytes: Uint8Array): void {
    const end = this.#start + RECORDS_AT + bytes.length;
    if (end > this.#target.bytes.length) this.#grow(end);
    this.#target.bytes.set(bytes, this.#start + RECORDS_AT);
    this.#at = end;
  }

  /** The records of the open batch: a view, valid until the next append. */
  records(): Buffer {
    return this.bytes(this.#start + RECORDS_AT, this.#at);
  }

  /** A view, valid until the next append. */
  bytes(from: number, to: number): Buffer {
    const { buffer } = this.#target.bytes;
    return Buffer.from(buffer, from, to - from);
  }

  #begin(start: number): void {
    this.#start = start;
    this.#at = start + RECORDS_AT;
    this.#count = 0;
    if (this.#at > this.#target.bytes.length) this.#grow(this.#at);
  }

  #write(record: RecordSource, length: number, delta: number): void {
    const target = this.#target;
    const { bytes } = target;
    const { source, keyLength, valueLength } = record;
    let at = writeVarint(bytes, this.#at, length);
    bytes[at++] = 0;
    at = writeVarint(bytes, at, delta);
    at = writeVarint(bytes, at, this.#count);
    at = writeVarint(bytes, at, keyLength);
    if (keyLength > 0) {
      copyBytes(source, record.at + RECORD_HEADER_BYTES, target, at, keyLength);
      at += keyLength;
    }
    at = writeVarint(bytes, at, valueLength);
    if (valueLength > 0) {
      copyBytes(source, record.valueAt, target, at, valueLength);
      at += valueLength;
    }
    at = writeVarint(bytes, at, record.headerCount);
    if (record.headerCount > 0) this.#writeHeaders(record, at);
  }

  #writeHeaders(record: RecordSource, start: number): void {
    const target = this.#target;
    const { source } = record;
    let from = record.valueAt + Math.max(0, record.valueLength);
    let at = start;
    for (let i = 0; i < record.headerCount; i++) {
      const nameLength = source.view.getUint16(from, true);
      at = writeVarint(target.bytes, at, nameLength);
      copyBytes(source, from + 2, target, at, nameLength);
      at += nameLength;
      from += 2 + nameLength;
      const valueLength = source.view.getInt32(from, true);
      from += 4;
      at = writeVarint(target.bytes, at, valueLength);
      if (valueLength <= 0) continue;
      copyBytes(source, from, target, at, valueLength);
      at += valueLength;
      from += valueLength;
    }
  }

  #grow(byteLength: number): void {
    const grown = viewedBytes(Buffer.allocUnsafeSlow(Math.max(byteLength, this.#target.bytes.length * 2)));
    grown.bytes.set(this.#target.bytes.subarray(0, this.#at));
    this.#target = grown;
  }
}
