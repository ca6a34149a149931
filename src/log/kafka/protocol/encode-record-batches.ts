import { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import type { RecordBuffer } from '../../record-buffer.ts';
import { type Codec, RECORDS_AT } from './batch-layout.ts';
import { attributeBitsOf, type Compress } from './compression.ts';
import { EncodedRecordBatch } from './encoded-record-batch.ts';
import { RecordBatchWriter } from './record-batch-writer.ts';
import { RecordSource } from './record-source.ts';

export type { Compress } from './compression.ts';
export { EncodedRecordBatch, type ProducerStamp } from './encoded-record-batch.ts';

export interface EncodeOptions extends TopicPartition {
  /** A batch is closed before it would pass this size; only a record that is greater by itself goes out in a greater one. */
  readonly batchBytesTarget: number;
  /** The greatest batch that the topic takes (max.message.bytes), its header of 61 bytes included. */
  readonly batchBytesMax: number;
  readonly compression?: { readonly codec: Codec; readonly compress: Compress };
  /**
   * Told of each record that is too large for a batch of its own (RECORD_TOO_LARGE), by its number in the buffer; it then stands in
   * no batch, and the others go on. Without it, the error is thrown.
   */
  readonly onTooLarge?: (index: number, error: HeadraceError) => void;
}

/** A record may be so great before compression: far over any limit of brokers; it bounds what compressing costs. */
const UNCOMPRESSED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Encodes the records of a buffer as record batches of magic 2, in their order. They must be stamped before they are sent. The buffer may be
 * used again at once. Throws RECORD_TOO_LARGE.
 */
export function encodeRecordBatches(records: RecordBuffer, options: EncodeOptions): readonly EncodedRecordBatch[] {
  return new Encoding(records, options).run();
}

interface BatchPlace {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

class Encoding {
  readonly #options: EncodeOptions;
  readonly #source: RecordSource;
  readonly #writer: RecordBatchWriter;
  readonly #places: BatchPlace[] = [];
  /** Falls where compression does not bring batches below the limit. */
  #countMax = Number.POSITIVE_INFINITY;
  #codec: Codec | 'none' = 'none';

  constructor(records: RecordBuffer, options: EncodeOptions) {
    this.#options = options;
    this.#source = new RecordSource(records);
    // Our layout takes more for each record than Kafka's, so that this is mostly enough.
    this.#writer = new RecordBatchWriter(records.byteLength);
  }

  run(): readonly EncodedRecordBatch[] {
    while (!this.#source.isAtEnd) this.#batch();
    return this.#places.map(({ from, to, count }) => new EncodedRecordBatch(this.#writer.bytes(from, to), count));
  }

  #batch(): void {
    const first = this.#source.place();
    if (!this.#fill()) {
      this.#refuse();
      this.#source.next();
    } else if (this.#compress()) this.#close();
    else if (this.#writer.count > 1) {
      this.#countMax = Math.ceil(this.#writer.count / 2);
      this.#writer.drop();
      this.#source.returnTo(first);
    } else {
      const { byteLength } = this.#writer;
      this.#writer.drop();
      this.#source.returnTo(first);
      this.#refuse(byteLength);
      this.#source.next();
    }
  }

  /** Puts records into the open batch until it is full; false where not even the first one has room. */
  #fill(): boolean {
    const source = this.#source;
    const writer = this.#writer;
    const { batchBytesTarget, batchBytesMax, compression } = this.#options;
    const aloneMax = compression === undefined ? batchBytesMax : UNCOMPRESSED_BYTES_MAX;
    const sharedMax = Math.min(batchBytesTarget, aloneMax);
    if (!writer.append(source, aloneMax)) return false;
    source.next();
    while (!source.isAtEnd && writer.count < this.#countMax && writer.append(source, sharedMax)) source.next();
    return true;
  }

  /** Compresses the open batch where that makes it smaller; false where it is greater than the topic takes then. */
  #compress(): boolean {
    const { compression, batchBytesMax } = this.#options;
    this.#codec = 'none';
    if (compression === undefined) return true;
    const records = this.#writer.records();
    const compressed = compression.compress(compression.codec, records);
    if (compressed.length < records.length) {
      this.#writer.replaceRecords(compressed);
      this.#codec = compression.codec;
    }
    return this.#writer.byteLength <= batchBytesMax;
  }

  #close(): void {
    const from = this.#writer.start;
    this.#places.push({ from, to: from + this.#writer.byteLength, count: this.#writer.count });
    this.#writer.close(attributeBitsOf(this.#codec));
  }

  #refuse(compressedBytes?: number): void {
    const { topic, partition, batchBytesMax, onTooLarge } = this.#options;
    const { index, keyLength, valueLength, headerCount, contentBytes } = this.#source;
    const size =
      compressedBytes === undefined ? `${contentBytes + RECORDS_AT} bytes` : `${compressedBytes} bytes compressed`;
    const message =
      `A record for ${topic}-${partition} is too large for the topic: a batch of it alone has about ${size} ` +
      `(key ${Math.max(0, keyLength)}, value ${Math.max(0, valueLength)}, ${headerCount} headers), and may have ${batchBytesMax}. ` +
      'Raise max.message.bytes of the topic, or keep the large part elsewhere';
    const error = new HeadraceError('RECORD_TOO_LARGE', message, { where: { topic, partition } });
    if (onTooLarge === undefined) throw error;
    onTooLarge(index, error);
  }
}
