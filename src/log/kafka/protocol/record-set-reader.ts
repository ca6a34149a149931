import { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import type { RecordBatch } from '../../record-batch.ts';
import { AbortedTransactions } from './aborted-transactions.ts';
import { BatchBuilder } from './batch-builder.ts';
import { BATCH_LENGTH_AT, LOG_OVERHEAD_BYTES } from './batch-layout.ts';
import { BatchRecords } from './batch-records.ts';
import type { Decompress } from './compression.ts';
import { type ViewedBytes, viewedBytes } from './copy-bytes.ts';
import { corruptBatch, type FetchedBatch, openFetchedBatch, recordBytes } from './fetched-batch.ts';
import type { AbortedTransaction } from './requests/fetch.ts';

export type { Decompress } from './compression.ts';

export interface RecordSet extends TopicPartition {
  /** The offset asked for; records before it are left out. */
  readonly fromOffset: number;
  /** Record batches as a Fetch brings them, the last one possibly cut short. Must not change while it is read. */
  readonly recordSet: Uint8Array;
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly decompress: Decompress;
}

const ABORT_MARKER = 0;

/** One for all readers: it is in use only within a call of `next`. */
const builder = new BatchBuilder();

/**
 * The committed records of one fetched record set, as batches of our layout: small batches of the broker are joined, great ones split.
 * Aborted transactions and control batches are left out.
 */
export class RecordSetReader {
  readonly #set: RecordSet;
  readonly #source: ViewedBytes;
  readonly #aborted: AbortedTransactions;
  /** Place of the next batch in the record set. */
  #at = 0;
  #lastOffset = -1;
  #nextOffset: number;
  #open: BatchRecords | undefined;

  constructor(set: RecordSet) {
    this.#set = set;
    this.#source = viewedBytes(set.recordSet);
    this.#aborted = new AbortedTransactions(set.abortedTransactions);
    this.#nextOffset = set.fromOffset;
  }

  /** Behind the last record handed out; once `next` returned null, where to fetch from: behind all whole batches. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /**
   * The next batch, of at most BATCH_RECORDS_MAX records and about BATCH_BYTES_TARGET bytes, or null at the end. Throws LOG_CORRUPT for a
   * checksum that differs or bytes that can't be, RECORD_TOO_LARGE, TIMESTAMP_INVALID, KAFKA_CLIENT_UNSUPPORTED (a
   * compression without its package); the batches before have been handed out then, and it throws the same again.
   */
  next(epoch: number): RecordBatch | null {
    builder.clear();
    try {
      while (!builder.isFull && this.#advance()) {}
    } catch (error) {
      if (!(error instanceof HeadraceError) || builder.count === 0) throw error;
    }
    const { topic, partition } = this.#set;
    return builder.count === 0 ? null : builder.take(topic, partition, epoch);
  }

  /** Goes on in the open batch or to the next one; false where the builder must be emptied first, or at the end. */
  #advance(): boolean {
    if (this.#open === undefined) {
      const batch = openFetchedBatch(this.#source, this.#at, this.#set);
      if (batch === null) {
        this.#requireSome();
        return false;
      }
      if (batch.baseOffset <= this.#lastOffset) {
        throw corruptBatch(this.#set, batch.baseOffset, `it follows one that ends with offset ${this.#lastOffset}`);
      }
      if (!builder.reaches(batch.lastOffset)) return false;
      this.#open = this.#recordsOf(batch);
      this.#at += batch.byteLength;
      this.#lastOffset = batch.lastOffset;
    }
    try {
      this.#open?.decode(builder, this.#set.fromOffset);
    } finally {
      if (this.#open !== undefined) this.#goOnFrom(this.#open.nextOffset);
    }
    if (this.#open === undefined || this.#open.isDone) {
      this.#goOnFrom(this.#lastOffset + 1);
      this.#open = undefined;
    }
    return true;
  }

  /** Undefined for a batch of which no record is to be handed out. */
  #recordsOf(batch: FetchedBatch): BatchRecords | undefined {
    const { producerId, lastOffset } = batch;
    if (batch.isControl) {
      if (this.#read(batch).markerType() === ABORT_MARKER) this.#aborted.abortMarker(producerId, lastOffset);
      return undefined;
    }
    if (batch.isTransactional && this.#aborted.isAborted(producerId, lastOffset)) return undefined;
    return lastOffset < this.#set.fromOffset || batch.count === 0 ? undefined : this.#read(batch);
  }

  #read(batch: FetchedBatch): BatchRecords {
    const { decompress } = this.#set;
    return new BatchRecords(batch, recordBytes(this.#source, batch, decompress, this.#set), this.#set);
  }

  #goOnFrom(offset: number): void {
    if (offset > this.#nextOffset) this.#nextOffset = offset;
  }

  /** A broker always sends the first batch whole, whatever the limits (KIP-74): without it, a reader would ask for ever. */
  #requireSome(): void {
    const { bytes, view } = this.#source;
    if (this.#at > 0 || bytes.length === 0) return;
    const { topic, partition, fromOffset } = this.#set;
    const length = bytes.length < LOG_OVERHEAD_BYTES ? undefined : view.getInt32(BATCH_LENGTH_AT) + LOG_OVERHEAD_BYTES;
    const what = length === undefined ? 'its first batch' : `its first batch of ${length} bytes`;
    throw new HeadraceError(
      'LOG_CORRUPT',
      `What the broker sent of ${topic}-${partition} from offset ${fromOffset} on has ${bytes.length} bytes and not the whole of ${what}`,
      { where: { topic, partition, offset: fromOffset } },
    );
  }
}
