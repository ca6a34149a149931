import { HeadraceError } from '../../../errors.ts';
import { crc32c } from '../../../storage/checksum.ts';
import type { TopicPartition } from '../../record.ts';
import { DEAD_LETTER_BYTES_MAX } from '../../record-buffer.ts';
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_TIMESTAMP_AT,
  BATCH_LENGTH_AT,
  CHECKSUM_AT,
  COMPRESSION_BITS,
  CONTROL_BIT,
  type Codec,
  LAST_OFFSET_DELTA_AT,
  LOG_APPEND_TIME_BIT,
  LOG_OVERHEAD_BYTES,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  RECORDS_AT,
  TRANSACTIONAL_BIT,
} from './batch-layout.ts';
import { codecOf, type Decompress } from './compression.ts';
import { type ViewedBytes, viewedBytes } from './copy-bytes.ts';

/** The records of one batch may take this much once they are expanded: a bound against bytes that expand without end. */
export const EXPANDED_BYTES_MAX = 8 * DEAD_LETTER_BYTES_MAX;

/** The header of a batch in a record set, checked. */
export interface FetchedBatch {
  /** Place of the batch in the record set, and its length. */
  readonly at: number;
  readonly byteLength: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly count: number;
  readonly baseTimestamp: number;
  /** The timestamp that the broker gave to all records, or null where each has its own. */
  readonly appendTimestamp: number | null;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly codec: Codec | 'none';
}

/**
 * Reads the header of the batch at `at` and checks the batch against its checksum; null where it is cut short. Throws LOG_CORRUPT.
 */
export function openFetchedBatch({ bytes, view }: ViewedBytes, at: number, place: TopicPartition): FetchedBatch | null {
  const left = bytes.length - at;
  if (left <= MAGIC_AT) return null;
  const baseOffset = Number(view.getBigInt64(at + BASE_OFFSET_AT));
  const magic = view.getInt8(at + MAGIC_AT);
  if (magic === 0 || magic === 1) throw tooOld(place, baseOffset, magic);
  if (magic !== MAGIC) throw corruptBatch(place, baseOffset, `its format is ${magic}, which is not known`);
  const byteLength = view.getInt32(at + BATCH_LENGTH_AT) + LOG_OVERHEAD_BYTES;
  if (byteLength < RECORDS_AT) throw corruptBatch(place, baseOffset, `it claims to be ${byteLength} bytes long`);
  if (byteLength > left) return null;
  const checked = bytes.subarray(at + ATTRIBUTES_AT, at + byteLength);
  if (crc32c(checked) !== view.getUint32(at + CHECKSUM_AT))
    throw corruptBatch(place, baseOffset, 'its checksum differs');
  const lastOffset = baseOffset + view.getInt32(at + LAST_OFFSET_DELTA_AT);
  if (baseOffset < 0 || lastOffset < baseOffset || !Number.isSafeInteger(lastOffset)) {
    throw corruptBatch(place, baseOffset, `its last offset is ${lastOffset}`);
  }
  const count = view.getInt32(at + RECORD_COUNT_AT);
  if (count < 0) throw corruptBatch(place, baseOffset, `it claims ${count} records`);
  const attributes = view.getInt16(at + ATTRIBUTES_AT);
  const compression = attributes & COMPRESSION_BITS;
  const codec = codecOf(compression);
  if (codec === undefined)
    throw corruptBatch(place, baseOffset, `its compression is ${compression}, which is not known`);
  const isAppendTime = (attributes & LOG_APPEND_TIME_BIT) !== 0;
  return {
    at,
    byteLength,
    baseOffset,
    lastOffset,
    count,
    baseTimestamp: Number(view.getBigInt64(at + BASE_TIMESTAMP_AT)),
    appendTimestamp: isAppendTime ? Number(view.getBigInt64(at + MAX_TIMESTAMP_AT)) : null,
    producerId: view.getBigInt64(at + PRODUCER_ID_AT),
    isTransactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    isControl: (attributes & CONTROL_BIT) !== 0,
    codec,
  };
}

/** Where the records of a batch lie: in the record set itself, or expanded. */
export interface BatchBytes extends ViewedBytes {
  readonly start: number;
  readonly end: number;
}

/** Throws what `decompress` throws, with the place of the batch. */
export function recordBytes(
  source: ViewedBytes,
  { at, byteLength, baseOffset, codec }: FetchedBatch,
  decompress: Decompress,
  { topic, partition }: TopicPartition,
): BatchBytes {
  const [start, end] = [at + RECORDS_AT, at + byteLength];
  if (codec === 'none') return { bytes: source.bytes, view: source.view, start, end };
  try {
    const expanded = decompress(codec, source.bytes.subarray(start, end), EXPANDED_BYTES_MAX);
    return { ...viewedBytes(expanded), start: 0, end: expanded.length };
  } catch (error) {
    if (!(error instanceof HeadraceError)) throw error;
    const message = `The batch at offset ${baseOffset} of ${topic}-${partition} can't be expanded: ${error.message}`;
    throw new HeadraceError(error.code, message, { cause: error, where: { topic, partition, offset: baseOffset } });
  }
}

export function corruptBatch({ topic, partition }: TopicPartition, offset: number, why: string): HeadraceError {
  return new HeadraceError('LOG_CORRUPT', `The batch at offset ${offset} of ${topic}-${partition} is damaged: ${why}`, {
    where: { topic, partition, offset },
  });
}

function tooOld({ topic, partition }: TopicPartition, offset: number, magic: number): HeadraceError {
  return new HeadraceError(
    'LOG_CORRUPT',
    `The batch at offset ${offset} of ${topic}-${partition} has message format ${magic}, from before Kafka 0.11, which is not read here. ` +
      'Copy the topic into a new one with a client of today, and read that',
    { where: { topic, partition, offset } },
  );
}
