import { HeadraceError } from '../errors.ts';
import { type Headers, NO_HEADERS } from './record.ts';
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

/**
 * Committed records of one partition, read in place: nothing is decoded before it is asked for. `bytes` is a copy that
 * belongs to the batch alone, never a page of the storage. Keys and values are views of it: they stay valid, and
 * whoever keeps one keeps the whole batch in memory.
 */
export class RecordBatch {
  readonly topic: string;
  readonly partition: number;
  /** The assignment epoch under which it was fetched; what belongs to an older one is dropped (design D6). */
  readonly epoch: number;
  readonly length: number;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #baseOffset: number;
  /** Where each record starts in #bytes. */
  readonly #starts: Uint32Array;

  /** @param bytes a batch as record-layout.ts draws it, its header included. @param count the records in it. */
  constructor(
    topic: string,
    partition: number,
    epoch: number,
    baseOffset: number,
    bytes: Uint8Array,
    count: number,
    fromOffset = baseOffset,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    // Those who type-check against the package need no types of Node.js for its sake.
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#baseOffset = baseOffset;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const starts = new Uint32Array(count);
    let at = BATCH_HEADER_BYTES;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (at + RECORD_HEADER_BYTES > bytes.length) throw corrupt(topic, partition, baseOffset);
      if (baseOffset + this.#view.getUint32(at + OFFSET_DELTA_AT, true) >= fromOffset) starts[kept++] = at;
      at += this.#view.getUint32(at + LENGTH_AT, true);
    }
    if (at !== bytes.length) throw corrupt(topic, partition, baseOffset);
    this.#starts = kept === count ? starts : starts.subarray(0, kept);
    this.length = kept;
  }

  /** What the batch keeps in memory. */
  get byteLength(): number {
    return this.#bytes.length;
  }

  /** The batch as it is stored: what {@link valueStart} points into. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  offsetAt(index: number): number {
    return this.#baseOffset + this.#view.getUint32(this.#starts[index]! + OFFSET_DELTA_AT, true);
  }

  timestampAt(index: number): number {
    return this.#view.getFloat64(this.#starts[index]! + TIMESTAMP_AT, true);
  }

  keyAt(index: number): Uint8Array | null {
    const start = this.#starts[index]!;
    const length = this.#view.getInt32(start + KEY_LENGTH_AT, true);
    return length < 0 ? null : this.#slice(start + RECORD_HEADER_BYTES, length);
  }

  valueAt(index: number): Uint8Array | null {
    const start = this.#starts[index]!;
    const length = this.#view.getInt32(start + VALUE_LENGTH_AT, true);
    if (length < 0) return null;
    const keyLength = this.#view.getInt32(start + KEY_LENGTH_AT, true);
    return this.#slice(start + RECORD_HEADER_BYTES + Math.max(0, keyLength), length);
  }

  /** Where the bytes of a value begin among {@link bytes}, for those who read many and keep none. */
  valueStart(index: number): number {
    const start = this.#starts[index]!;
    return start + RECORD_HEADER_BYTES + Math.max(0, this.#view.getInt32(start + KEY_LENGTH_AT, true));
  }

  /** -1 for a tombstone. */
  valueLength(index: number): number {
    return this.#view.getInt32(this.#starts[index]! + VALUE_LENGTH_AT, true);
  }

  hasHeaders(index: number): boolean {
    return this.#view.getUint32(this.#starts[index]! + HEADER_COUNT_AT, true) > 0;
  }

  headersAt(index: number): Headers {
    const start = this.#starts[index]!;
    const count = this.#view.getUint32(start + HEADER_COUNT_AT, true);
    if (count === 0) return NO_HEADERS;
    const keyLength = Math.max(0, this.#view.getInt32(start + KEY_LENGTH_AT, true));
    const valueLength = Math.max(0, this.#view.getInt32(start + VALUE_LENGTH_AT, true));
    let at = start + RECORD_HEADER_BYTES + keyLength + valueLength;
    const headers: (readonly [string, Uint8Array | null])[] = [];
    for (let i = 0; i < count; i++) {
      const nameLength = this.#view.getUint16(at, true);
      const name = this.#bytes.toString('utf8', at + 2, at + 2 + nameLength);
      at += 2 + nameLength;
      const length = this.#view.getInt32(at, true);
      at += 4;
      headers.push([name, length < 0 ? null : this.#slice(at, length)]);
      if (length > 0) at += length;
    }
    return headers;
  }

  /** A plain Uint8Array: it costs a third of what Buffer.subarray does. */
  #slice(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
  }
}

function corrupt(topic: string, partition: number, baseOffset: number): HeadraceError {
  return new HeadraceError(
    'LOG_CORRUPT',
    `The batch at offset ${baseOffset} of ${topic}-${partition} is damaged: its records do not fill it exactly`,
    {
      where: { topic, partition, offset: baseOffset },
    },
  );
}
