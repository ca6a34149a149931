import type { FetchRequest } from '../membership/group-member.ts';
import { RecordBatch } from '../record-batch.ts';
import { BATCH_BYTES_TARGET, BATCH_RECORDS_MAX } from '../record-buffer.ts';
import { BATCH_HEADER_BYTES, LENGTH_AT, OFFSET_DELTA_AT } from '../record-layout.ts';
import type { StoredBatch } from './batch-reader.ts';

/** Smaller batches are handed out joined: a batch costs the engine a microsecond or two, whatever is in it. */
const JOINED_BELOW_RECORDS = 250;
/** Twice the room of a batch of usual size. What is longer gets a block of its own. */
const BLOCK_BYTES = 2 * BATCH_BYTES_TARGET;

/** Where batches are joined before their length is known; only within one call of {@link BatchJoiner}'s caller. */
const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);

/**
 * Makes the batches that are handed out of those that are stored, in their order: each record is copied out of the storage once, and
 * out of the block in which small batches are put together once more, so that one buffer is made for many stored batches.
 */
export class BatchJoiner {
  readonly batches: RecordBatch[] = [];
  readonly #request: FetchRequest;
  #base = 0;
  #count = 0;
  #length = BATCH_HEADER_BYTES;

  constructor(request: FetchRequest) {
    this.#request = request;
  }

  /** Takes the next one; its bytes are only looked at until this returns. */
  add({ baseOffset, lastOffset, count, bytes }: StoredBatch): void {
    const length = bytes.length - BATCH_HEADER_BYTES;
    if (this.#count > 0 && !this.#joins(lastOffset, count, length)) this.flush();
    if (this.#length + length > BLOCK_BYTES || count >= JOINED_BELOW_RECORDS) {
      this.#handOut(Buffer.from(bytes), baseOffset, count);
      return;
    }
    if (this.#count === 0) this.#base = baseOffset;
    block.set(bytes.subarray(BATCH_HEADER_BYTES), this.#length);
    if (baseOffset > this.#base) shiftOffsets(this.#length, count, baseOffset - this.#base);
    this.#count += count;
    this.#length += length;
  }

  /** Hands out what has been joined; to be called behind the last one as well. */
  flush(): void {
    if (this.#count === 0) return;
    const bytes = Buffer.allocUnsafeSlow(this.#length);
    block.copy(bytes, 0, 0, this.#length);
    this.#handOut(bytes, this.#base, this.#count);
    this.#count = 0;
    this.#length = BATCH_HEADER_BYTES;
  }

  #joins(lastOffset: number, count: number, length: number): boolean {
    if (this.#count >= JOINED_BELOW_RECORDS || this.#length >= BATCH_BYTES_TARGET) return false;
    if (count >= JOINED_BELOW_RECORDS || this.#count + count > BATCH_RECORDS_MAX) return false;
    return this.#length + length <= BLOCK_BYTES && lastOffset - this.#base <= 0xffff_ffff;
  }

  #handOut(bytes: Buffer, baseOffset: number, count: number): void {
    const { topic, partition, epoch, fromOffset } = this.#request;
    const from = Math.max(fromOffset, baseOffset);
    const batch = new RecordBatch(topic, partition, epoch, baseOffset, bytes, count, from);
    if (batch.length > 0) this.batches.push(batch);
  }
}

const view = new DataView(block.buffer);

/** Records count their offsets from the base of their batch: those that were joined from the first one's. */
function shiftOffsets(at: number, count: number, shift: number): void {
  for (let record = at, n = 0; n < count; n++) {
    view.setUint32(record + OFFSET_DELTA_AT, view.getUint32(record + OFFSET_DELTA_AT, true) + shift, true);
    record += view.getUint32(record + LENGTH_AT, true);
  }
}
