import { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import { DEAD_LETTER_BYTES_MAX } from '../../record-buffer.ts';
import { RECORD_HEADER_BYTES } from '../../record-layout.ts';
import type { BatchBuilder, FoundRecord } from './batch-builder.ts';
import { RECORD_BYTES_MIN } from './batch-layout.ts';
import { type BatchBytes, corruptBatch, type FetchedBatch } from './fetched-batch.ts';
import { RecordCursor } from './record-cursor.ts';
import { decoded, shortVarint } from './short-varint.ts';

/** A header's name has 16 bits for its length in our layout, and with the value's length this much around it. */
const NAME_BYTES_MAX = 0xffff;
const HEADER_OVERHEAD_BYTES = 6;

/** The records of one batch, from first to last. */
export class BatchRecords {
  readonly #batch: FetchedBatch;
  readonly #source: BatchBytes;
  readonly #place: TopicPartition;
  readonly #cursor: RecordCursor;
  /** Filled anew for each record, so that none is allocated. */
  readonly #found: FoundRecord = {
    offset: 0,
    timestamp: 0,
    keyAt: 0,
    keyLength: 0,
    valueAt: 0,
    valueLength: 0,
    headerCount: 0,
    headersLength: 0,
  };
  #left: number;
  #lastDelta = -1;
  #headersAt = 0;

  constructor(batch: FetchedBatch, source: BatchBytes, place: TopicPartition) {
    this.#batch = batch;
    this.#source = source;
    this.#place = place;
    this.#left = batch.count;
    this.#cursor = new RecordCursor(source.bytes, source.start, source.end, (why) => this.#malformed(why));
    if (batch.count * RECORD_BYTES_MIN > this.#cursor.left) throw this.#malformed(`it claims ${batch.count} records`);
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  /** The offset behind the record that was read last. */
  get nextOffset(): number {
    return this.#batch.baseOffset + this.#lastDelta + 1;
  }

  /**
   * Appends records from `fromOffset` on until the batch is at its end or the builder is full. Throws LOG_CORRUPT, RECORD_TOO_LARGE,
   * TIMESTAMP_INVALID; what stood before is appended then, and the next call fails at the same record.
   */
  decode(builder: BatchBuilder, fromOffset: number): void {
    const cursor = this.#cursor;
    let start = cursor.at;
    try {
      while (this.#left > 0 && !builder.isFull) {
        start = cursor.at;
        const delta = this.#find();
        if (this.#found.offset >= fromOffset) this.#append(builder);
        this.#lastDelta = delta;
        this.#left--;
      }
      if (this.#left === 0 && cursor.left > 0) throw this.#malformed(`${cursor.left} bytes follow its last record`);
    } catch (error) {
      cursor.at = start;
      throw error;
    }
  }

  /** The type of a control batch's marker, its key's second number; undefined where compaction left no record. */
  markerType(): number | undefined {
    if (this.#left === 0) return undefined;
    this.#find();
    const { keyAt, keyLength } = this.#found;
    if (keyLength < 4) throw this.#malformed('its marker has no type');
    return this.#source.view.getInt16(keyAt + 2);
  }

  /** Reads the fields of the next record; returns its offset delta. */
  #find(): number {
    const found = this.#found;
    const delta = this.#findShort();
    const { baseOffset, lastOffset, appendTimestamp } = this.#batch;
    found.offset = baseOffset + delta;
    if (delta <= this.#lastDelta || found.offset > lastOffset) {
      throw this.#malformed(`a record claims offset ${found.offset}`);
    }
    if (appendTimestamp !== null) found.timestamp = appendTimestamp;
    if (!Number.isSafeInteger(found.timestamp)) throw this.#timestampInvalid();
    this.#requireSize();
    return delta;
  }

  /** The quick way for records whose numbers are short, as most are; all others go the long way. */
  #findShort(): number {
    const cursor = this.#cursor;
    const { bytes } = this.#source;
    const found = this.#found;
    const start = cursor.at;
    const length = shortVarint(bytes, start);
    let at = start + (length & 7);
    const end = at + decoded(length);
    const timestampDelta = shortVarint(bytes, ++at);
    at += timestampDelta & 7;
    const delta = shortVarint(bytes, at);
    at += delta & 7;
    const key = shortVarint(bytes, at);
    found.keyAt = at += key & 7;
    found.keyLength = decoded(key);
    if (found.keyLength > 0) at += found.keyLength;
    const value = shortVarint(bytes, at);
    found.valueAt = at += value & 7;
    found.valueLength = decoded(value);
    if (found.valueLength > 0) at += found.valueLength;
    const isShort = length !== 0 && timestampDelta !== 0 && delta !== 0 && key !== 0 && value !== 0;
    const isPlain = isShort && at + 1 === end && bytes[at] === 0 && found.keyLength >= -1 && found.valueLength >= -1;
    if (!isPlain || end > cursor.limit) return this.#findLong();
    found.timestamp = this.#batch.baseTimestamp + decoded(timestampDelta);
    found.headerCount = 0;
    found.headersLength = 0;
    cursor.at = end;
    return decoded(delta);
  }

  #findLong(): number {
    const cursor = this.#cursor;
    const found = this.#found;
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.skip(1);
    found.timestamp = this.#batch.baseTimestamp + cursor.varlong();
    const delta = cursor.varint();
    found.keyLength = cursor.nullableSpan();
    found.keyAt = cursor.at - Math.max(0, found.keyLength);
    found.valueLength = cursor.nullableSpan();
    found.valueAt = cursor.at - Math.max(0, found.valueLength);
    found.headerCount = cursor.varint();
    this.#headersAt = cursor.at;
    found.headersLength = found.headerCount === 0 ? 0 : this.#skipHeaders(found.headerCount);
    if (cursor.at !== end) {
      throw this.#malformed(`a record of ${length} bytes has fields of ${cursor.at - end + length}`);
    }
    return delta;
  }

  #append(builder: BatchBuilder): void {
    const found = this.#found;
    let at = builder.append(found, this.#source);
    if (found.headerCount === 0) return;
    const cursor = this.#cursor;
    const end = cursor.at;
    cursor.at = this.#headersAt;
    for (let i = 0; i < found.headerCount; i++) {
      const nameLength = cursor.nullableSpan();
      const nameAt = cursor.at - nameLength;
      const valueLength = cursor.nullableSpan();
      at = builder.appendHeader(this.#source, at, nameAt, nameLength, cursor.at - valueLength, valueLength);
    }
    cursor.at = end;
  }

  /** Returns what the headers take in our layout. */
  #skipHeaders(count: number): number {
    if (count < 0) throw this.#malformed(`a record claims ${count} headers`);
    const cursor = this.#cursor;
    let length = 0;
    for (let i = 0; i < count; i++) {
      const nameLength = cursor.nullableSpan();
      if (nameLength < 0) throw this.#malformed('a header has no name');
      if (nameLength > NAME_BYTES_MAX) throw this.#tooLarge(`A header's name of ${nameLength} bytes`, NAME_BYTES_MAX);
      length += HEADER_OVERHEAD_BYTES + nameLength + Math.max(0, cursor.nullableSpan());
    }
    return length;
  }

  #requireSize(): void {
    const { keyLength, valueLength, headersLength } = this.#found;
    const length = RECORD_HEADER_BYTES + Math.max(0, keyLength) + Math.max(0, valueLength) + headersLength;
    if (length > DEAD_LETTER_BYTES_MAX) throw this.#tooLarge(`A record of ${length} bytes`, DEAD_LETTER_BYTES_MAX);
  }

  #malformed(why: string): HeadraceError {
    return corruptBatch(this.#place, this.#batch.baseOffset, `${why} (behind offset ${this.nextOffset - 1})`);
  }

  #tooLarge(what: string, limit: number): HeadraceError {
    return this.#error('RECORD_TOO_LARGE', `${what} is over the limit of ${limit}`);
  }

  #timestampInvalid(): HeadraceError {
    return this.#error(
      'TIMESTAMP_INVALID',
      `A record's timestamp of ${this.#found.timestamp} is beyond whole milliseconds`,
    );
  }

  #error(code: 'RECORD_TOO_LARGE' | 'TIMESTAMP_INVALID', what: string): HeadraceError {
    const { topic, partition } = this.#place;
    const offset = this.nextOffset;
    const message = `${what}: in ${topic}-${partition}, at offset ${offset} or behind it. Pass over it with "headrace reset"`;
    return new HeadraceError(code, message, { where: { topic, partition, offset } });
  }
}
