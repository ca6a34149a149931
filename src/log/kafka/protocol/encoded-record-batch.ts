import { crc32c } from '../../../storage/checksum.ts';
import {
  ATTRIBUTES_AT,
  BASE_SEQUENCE_AT,
  CHECKSUM_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  TRANSACTIONAL_BIT,
} from './batch-layout.ts';

/** Who sends a batch, and the number of its first record in the sequence of that producer and partition. */
export interface ProducerStamp {
  /** Null for a producer that is idempotent only. */
  readonly transactionalId: string | null;
  readonly producerId: bigint;
  readonly epoch: number;
  readonly baseSequence: number;
}

/** A record batch as it goes into a Produce. It must be stamped before that, and may be stamped again for another producer. */
export class EncodedRecordBatch {
  readonly bytes: Buffer;
  readonly count: number;

  constructor(bytes: Buffer, count: number) {
    this.bytes = bytes;
    this.count = count;
  }

  /** Writes the producer's fields and the checksum. */
  stamp({ transactionalId, producerId, epoch, baseSequence }: ProducerStamp): void {
    const { bytes } = this;
    const attributes = bytes.readInt16BE(ATTRIBUTES_AT) & ~TRANSACTIONAL_BIT;
    bytes.writeInt16BE(transactionalId === null ? attributes : attributes | TRANSACTIONAL_BIT, ATTRIBUTES_AT);
    bytes.writeBigInt64BE(producerId, PRODUCER_ID_AT);
    bytes.writeInt16BE(epoch, PRODUCER_EPOCH_AT);
    bytes.writeInt32BE(baseSequence, BASE_SEQUENCE_AT);
    bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT)), CHECKSUM_AT);
  }
}
