import { HeadraceError } from '../errors.ts';
import type { Headers } from './record.ts';
import {
  BATCH_HEADER_BYTES,
  HEADER_COUNT_AT,
  KEY_LENGTH_AT,
  LENGTH_AT,
  OFFSET_DELTA_AT,
  RECORD_HEADER_BYTES,
  TIMESTAMP_AT,
  VALUE_LENGTH_AT,
} from './record-layout.ts';

/** A batch holds at most this many records ... */
export const BATCH_RECORDS_MAX = 1_000;
/** ... and is closed at the first record that takes it past this many bytes. */
export const BATCH_BYTES_TARGET = 256 * 1024;
/** Key, value and headers of one record together. */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024;
/** A dead letter carries more than the record that it was: what happened stands in its headers. */
export const DEAD_LETTER_BYTES_MAX = RECORD_BYTES_MAX + 256 * 1024;

const INITIAL_BYTES = 4 * 1024;

/** A point to rewind to; see {@link RecordBuffer.mark}. */
export interface RecordBufferMark {
  readonly count: number;
  readonly byteLength: number;
  readonly batchCount: number;
  readonly batchRecords: number;
}

/** One batch of a buffer: `bytes` starts with BATCH_HEADER_BYTES that the adapter fills in. */
export interface EncodedBatch {
  /** A Buffer; it is not said so, because whoever checks types against the package would need those of Node.js for it. */
  readonly bytes: Uint8Array;
  readonly count: number;
}

/**
 * Records for one partition, encoded as they are appended (see record-layout.ts) and cut into batches, so that a commit
 * hands bytes to the log and copies nothing. `rewind` takes back what a failing record has forwarded.
 */
export class RecordBuffer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #byteLength = 0;
  #count = 0;
  #lastRecordAt = -1;
  /** Where each batch starts in #bytes, and the number of the first record in it. */
  readonly #batchStarts: number[] = [];
  readonly #batchFirstRecords: number[] = [];

  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** The place of the record that was appended last; it stays valid until that record is taken back. */
  get lastRecordAt(): number {
    return this.#lastRecordAt;
  }

  timestampAt(place: number): number {
    return this.#view.getFloat64(place + TIMESTAMP_AT, true);
  }

  /** A view of this buffer: valid until the next append, rewind or clear. */
  keyAt(place: number): Uint8Array | null {
    const length = this.#view.getInt32(place + KEY_LENGTH_AT, true);
    return length < 0 ? null : this.#slice(place + RECORD_HEADER_BYTES, length);
  }

  /** As {@link keyAt}. */
  valueAt(place: number): Uint8Array | null {
    const length = this.#view.getInt32(place + VALUE_LENGTH_AT, true);
    if (length < 0) return null;
    const keyLength = this.#view.getInt32(place + KEY_LENGTH_AT, true);
    return this.#slice(place + RECORD_HEADER_BYTES + Math.max(0, keyLength), length);
  }

  /** Appends one record. Throws RECORD_TOO_LARGE, TIMESTAMP_INVALID; the buffer is then as before. */
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
    bytesMax = RECORD_BYTES_MAX,
  ): void {
    if (!Number.isSafeInteger(timestamp)) {
      throw new HeadraceError('TIMESTAMP_INVALID', `A record's timestamp must be whole milliseconds, not ${timestamp}`);
    }
    const keyLength = key === null ? 0 : key.length;
    const valueLength = value === null ? 0 : value.length;
    let length = RECORD_HEADER_BYTES + keyLength + valueLength;
    if (headers.length > 0) length += headersLength(headers);
    if (length > bytesMax) {
      throw new HeadraceError('RECORD_TOO_LARGE', `A record of ${length} bytes is over the limit of ${bytesMax}`);
    }
    const batches = this.#batchStarts.length;
    let first = batches === 0 ? 0 : this.#batchFirstRecords[batches - 1]!;
    let at = this.#byteLength;
    const opens =
      batches === 0 ||
      this.#count - first >= BATCH_RECORDS_MAX ||
      at - this.#batchStarts[batches - 1]! >= BATCH_BYTES_TARGET;
    if (opens) {
      this.#reserve(at + BATCH_HEADER_BYTES + length);
      this.#batchStarts.push(at);
      this.#batchFirstRecords.push(this.#count);
      first = this.#count;
      at += BATCH_HEADER_BYTES;
    } else {
      this.#reserve(at + length);
    }
    const view = this.#view;
    view.setUint32(at + LENGTH_AT, length, true);
    view.setUint32(at + OFFSET_DELTA_AT, this.#count - first, true);
    view.setFloat64(at + TIMESTAMP_AT, timestamp, true);
    view.setInt32(at + KEY_LENGTH_AT, key === null ? -1 : keyLength, true);
    view.setInt32(at + VALUE_LENGTH_AT, value === null ? -1 : valueLength, true);
    view.setUint32(at + HEADER_COUNT_AT, headers.length, true);
    let end = at + RECORD_HEADER_BYTES;
    if (key !== null) end = this.#write(key, end);
    if (value !== null) end = this.#write(value, end);
    if (headers.length > 0) this.#writeHeaders(headers, end);
    this.#byteLength = at + length;
    this.#lastRecordAt = at;
    this.#count++;
  }

  /** The present end, to which {@link rewind} can return. */
  mark(): RecordBufferMark {
    const batchCount = this.#batchStarts.length;
    const batchRecords = batchCount === 0 ? 0 : this.#count - this.#batchFirstRecords[batchCount - 1]!;
    return { count: this.#count, byteLength: this.#byteLength, batchCount, batchRecords };
  }

  /** Takes back everything appended since `mark`. */
  rewind(mark: Pick<RecordBufferMark, 'count' | 'byteLength' | 'batchCount'>): void {
    this.#count = mark.count;
    this.#byteLength = mark.byteLength;
    this.#batchStarts.length = mark.batchCount;
    this.#batchFirstRecords.length = mark.batchCount;
  }

  /** Takes back the records after the first `count`. */
  truncate(count: number): void {
    if (count >= this.#count) return;
    let batch = this.#batchStarts.length - 1;
    while (batch >= 0 && this.#batchFirstRecords[batch]! > count) batch--;
    if (count === 0 || batch < 0) {
      this.clear();
      return;
    }
    let at = this.#batchStarts[batch]! + BATCH_HEADER_BYTES;
    for (let i = this.#batchFirstRecords[batch]!; i < count; i++) at += this.#view.getUint32(at + LENGTH_AT, true);
    const isEmptyBatch = this.#batchFirstRecords[batch] === count;
    this.rewind({
      count,
      byteLength: isEmptyBatch ? this.#batchStarts[batch]! : at,
      batchCount: isEmptyBatch ? batch : batch + 1,
    });
  }

  clear(): void {
    this.rewind({ count: 0, byteLength: 0, batchCount: 0 });
  }

  /** The batches, as views of this buffer: valid until the next append, rewind or clear. */
  batches(): readonly EncodedBatch[] {
    return this.#batchStarts.map((start, i) => ({
      bytes: this.#bytes.subarray(start, this.#batchStarts[i + 1] ?? this.#byteLength),
      count: (this.#batchFirstRecords[i + 1] ?? this.#count) - this.#batchFirstRecords[i]!,
    }));
  }

  /** A plain Uint8Array: it costs a third of what Buffer.subarray does. */
  #slice(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
  }

  #reserve(byteLength: number): void {
    if (byteLength <= this.#bytes.length) return;
    let size = this.#bytes.length * 2;
    while (size < byteLength) size *= 2;
    const grown = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(grown, 0, 0, this.#byteLength);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** A loop beats the native copy for the short keys and values that records mostly are. */
  #write(source: Uint8Array, at: number): number {
    const length = source.length;
    const target = this.#bytes;
    if (length <= 64) {
      for (let i = 0; i < length; i++) target[at + i] = source[i]!;
    } else {
      target.set(source, at);
    }
    return at + length;
  }

  #writeHeaders(headers: Headers, start: number): void {
    let at = start;
    for (const [name, value] of headers) {
      const nameLength = this.#bytes.write(name, at + 2, 'utf8');
      this.#view.setUint16(at, nameLength, true);
      at += 2 + nameLength;
      this.#view.setInt32(at, value === null ? -1 : value.length, true);
      at += 4;
      if (value !== null) at = this.#write(value, at);
    }
  }
}

function headersLength(headers: Headers): number {
  let length = 0;
  for (const [name, value] of headers) {
    const nameLength = Buffer.byteLength(name, 'utf8');
    if (nameLength > 0xffff) {
      throw new HeadraceError('RECORD_TOO_LARGE', `A header's name of ${nameLength} bytes is over the limit of 65535`);
    }
    length += 6 + nameLength + (value === null ? 0 : value.length);
  }
  return length;
}
