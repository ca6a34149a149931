import { HeadraceError } from '../../errors.ts';
import type { TopicConfig, Watermarks } from '../log.ts';
import type { FetchRequest, FetchResult } from '../membership/group-member.ts';
import { RecordBatch } from '../record-batch.ts';
import type { RecordBuffer } from '../record-buffer.ts';
import { BATCH_HEADER_BYTES, LENGTH_AT, OFFSET_DELTA_AT } from '../record-layout.ts';

const TOMBSTONE_RETENTION_MS = 24 * 60 * 60 * 1000;

interface HeldRecord {
  readonly offset: number;
  readonly intakeMs: number;
  /** As record-layout.ts draws it. */
  readonly bytes: Buffer;
}

/** The committed records of one partition, one by one: simple rather than fast. */
export class SimulatedPartition {
  readonly config: TopicConfig;
  readonly partition: number;
  #records: HeldRecord[] = [];
  #start = 0;
  #end = 0;

  constructor(config: TopicConfig, partition: number) {
    this.config = config;
    this.partition = partition;
  }

  get watermarks(): Watermarks {
    return { topic: this.config.name, partition: this.partition, start: this.#start, end: this.#end };
  }

  get byteLength(): number {
    return this.#records.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Copies the records; returns the offset of the first. */
  append(buffer: RecordBuffer, intakeMs: number): number {
    const base = this.#end;
    for (const { bytes, count } of buffer.batches()) {
      let at = BATCH_HEADER_BYTES;
      for (let i = 0; i < count; i++) {
        const length = (bytes as Buffer).readUInt32LE(at + LENGTH_AT);
        this.#records.push({ offset: this.#end++, intakeMs, bytes: Buffer.from(bytes.subarray(at, at + length)) });
        at += length;
      }
    }
    return base;
  }

  /** Throws OFFSET_OUT_OF_RANGE. */
  fetch({ topic, partition, epoch, fromOffset, maxRecords, maxBytes }: FetchRequest): FetchResult {
    this.requireWithin(fromOffset);
    let first = this.#records.findIndex(({ offset }) => offset >= fromOffset);
    if (first < 0) first = this.#records.length;
    let bytes = 0;
    let last = first;
    while (last < this.#records.length && last - first < maxRecords && bytes < maxBytes) {
      bytes += this.#records[last++]!.bytes.length;
    }
    const records = this.#records.slice(first, last);
    const nextOffset = last < this.#records.length ? this.#records[last]!.offset : this.#end;
    if (records.length === 0) return { batches: [], records: 0, bytes: 0, nextOffset };
    const base = records[0]!.offset;
    const joined = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), ...records.map((record) => record.bytes)]);
    let at = BATCH_HEADER_BYTES;
    for (const { offset, bytes: record } of records) {
      joined.writeUInt32LE(offset - base, at + OFFSET_DELTA_AT);
      at += record.length;
    }
    const batch = new RecordBatch(topic, partition, epoch, base, joined, records.length);
    return { batches: [batch], records: records.length, bytes, nextOffset };
  }

  requireWithin(offset: number): void {
    if (Number.isSafeInteger(offset) && offset >= this.#start && offset <= this.#end) return;
    throw new HeadraceError(
      'OFFSET_OUT_OF_RANGE',
      `Offset ${offset} of ${this.config.name}-${this.partition} is not within ${this.#start} to ${this.#end}`,
      { where: { topic: this.config.name, partition: this.partition, offset } },
    );
  }

  /** Deletes from the front what is over a limit and not needed any more. */
  retain(neededFrom: number, nowMs: number, bytesMax = this.config.retentionBytes): void {
    const { cleanup, retentionMs } = this.config;
    if (cleanup !== 'delete') return;
    let bytes = this.byteLength;
    let gone = 0;
    for (const record of this.#records) {
      const isOver = (bytesMax >= 0 && bytes > bytesMax) || (retentionMs >= 0 && nowMs - record.intakeMs > retentionMs);
      if (!isOver || record.offset >= neededFrom) break;
      bytes -= record.bytes.length;
      this.#start = record.offset + 1;
      gone++;
    }
    this.#records.splice(0, gone);
  }

  /** Keeps the last record of every key below `neededFrom`, tombstones for a day. */
  compact(neededFrom: number, nowMs: number): void {
    if (this.config.cleanup !== 'compact') return;
    const lastOffsets = new Map<string, number>();
    const keyOf = (record: HeldRecord) => {
      const key = asBatch(record).keyAt(0);
      return key === null ? null : Buffer.from(key).toString('latin1');
    };
    for (const record of this.#records) {
      const key = keyOf(record);
      if (key !== null && record.offset < neededFrom) lastOffsets.set(key, record.offset);
    }
    this.#records = this.#records.filter((record) => {
      const key = keyOf(record);
      if (key === null || record.offset >= neededFrom) return true;
      if (record.offset < lastOffsets.get(key)!) return false;
      const isTombstone = asBatch(record).valueAt(0) === null;
      return !isTombstone || nowMs - record.intakeMs < TOMBSTONE_RETENTION_MS;
    });
  }
}

function asBatch(record: HeldRecord): RecordBatch {
  return new RecordBatch('', 0, 0, 0, Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), record.bytes]), 1);
}
