import { crc32c } from '../../../../storage/checksum.ts';
import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a record batch that was damaged on its way or on the broker's disk is decoded as if nothing were; the checksum is read and
 * not compared, as a comment there says (src/protocol/recordBatch/v0/decoder.js, 50-51).
 *
 * Correction: the CRC-32C over everything behind it is compared before anything else of the batch is believed, as the JVM's
 * consumer does (`check.crcs`, on by default). The error is not retriable: the same bytes would come again.
 */
export const checksums: Correction = {
  name: 'checksums',
  summary: 'a fetched record batch whose CRC-32C differs is an error, not records',
  patches: {
    'src/protocol/recordBatch/v0/decoder.js': patch<DecodeBatch>((decode, load) => (decoder: Decoder) => {
      requireChecksum(decoder, load('src/errors') as Errors);
      return decode(decoder);
    }),
  },
};

/** First offset (8), length (4), leader epoch (4), magic (1), then the checksum (4) over the rest. */
const LENGTH_AT = 8;
const CHECKSUM_AT = 17;
const CHECKED_FROM = 21;
const OVERHEAD_BYTES = 12;

function requireChecksum({ buffer, offset }: Decoder, { KafkaJSNonRetriableError }: Errors): void {
  const available = buffer.length - offset;
  const length = available < CHECKED_FROM ? -1 : buffer.readInt32BE(offset + LENGTH_AT);
  // A batch that was cut off by the fetch's limit is left out by the decoder, which says so in its own way.
  if (length < 0 || available < OVERHEAD_BYTES + length) return;
  const told = buffer.readUInt32BE(offset + CHECKSUM_AT);
  const found = crc32c(buffer.subarray(offset + CHECKED_FROM, offset + OVERHEAD_BYTES + length));
  if (told === found) return;
  const firstOffset = buffer.readBigInt64BE(offset);
  throw new KafkaJSNonRetriableError(
    `The record batch at offset ${firstOffset} is damaged: its CRC-32C is ${found}, not ${told} as it says. Nothing was read from it`,
  );
}

interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
}

type DecodeBatch = (decoder: Decoder) => Promise<unknown>;

interface Errors {
  readonly KafkaJSNonRetriableError: new (message: string) => object;
}
