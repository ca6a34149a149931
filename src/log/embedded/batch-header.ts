import { HeadraceError } from '../../errors.ts';
import { crc32c } from '../../storage/checksum.ts';
import type { TopicPartition } from '../record.ts';
import { BATCH_HEADER_BYTES, LENGTH_AT, OFFSET_DELTA_AT, TIMESTAMP_AT } from '../record-layout.ts';

/**
 * The header of a stored batch, little-endian, in the BATCH_HEADER_BYTES that RecordBuffer leaves free:
 *
 *     0  u32  version of this layout
 *     4  u32  CRC-32C of everything from byte 8 on
 *     8  u32  number of records
 *    12  u32  offset of the last record minus the base offset
 *    16  f64  intake: milliseconds since 1970 when the commit was made
 *    24  f64  greatest timestamp of the records
 *    32  f64  base offset, so that a batch under a wrong key is found out
 */
const VERSION = 1;
const VERSION_AT = 0;
const CHECKSUM_AT = 4;
const CHECKED_FROM = 8;
const COUNT_AT = 8;
const LAST_DELTA_AT = 12;
const INTAKE_AT = 16;
const MAX_TIMESTAMP_AT = 24;
const BASE_OFFSET_AT = 32;

export interface BatchHeader {
  readonly count: number;
  readonly lastOffset: number;
  readonly intakeMs: number;
}

/** Fills in the header of `bytes`, whose records have the offset deltas that they keep. */
export function sealBatch(bytes: Buffer, count: number, baseOffset: number, intakeMs: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let maxTimestamp = -Infinity;
  let lastDelta = 0;
  let at = BATCH_HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    const timestamp = view.getFloat64(at + TIMESTAMP_AT, true);
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    lastDelta = view.getUint32(at + OFFSET_DELTA_AT, true);
    at += view.getUint32(at + LENGTH_AT, true);
  }
  view.setUint32(VERSION_AT, VERSION, true);
  view.setUint32(COUNT_AT, count, true);
  view.setUint32(LAST_DELTA_AT, lastDelta, true);
  view.setFloat64(INTAKE_AT, intakeMs, true);
  view.setFloat64(MAX_TIMESTAMP_AT, maxTimestamp, true);
  view.setFloat64(BASE_OFFSET_AT, baseOffset, true);
  view.setUint32(CHECKSUM_AT, crc32c(bytes.subarray(CHECKED_FROM)), true);
}

/** Reads the header and checks the batch against it. Throws LOG_CORRUPT. */
export function openBatch(bytes: Uint8Array, baseOffset: number, where: TopicPartition): BatchHeader {
  if (bytes.byteLength < BATCH_HEADER_BYTES) throw corrupt(where, baseOffset, `it has ${bytes.byteLength} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(VERSION_AT, true);
  if (version !== VERSION) throw corrupt(where, baseOffset, `its layout has version ${version}`);
  // Not subarray: the storage may hand out a Buffer with a length of its own.
  const checked = new Uint8Array(bytes.buffer, bytes.byteOffset + CHECKED_FROM, bytes.byteLength - CHECKED_FROM);
  if (crc32c(checked) !== view.getUint32(CHECKSUM_AT, true)) throw corrupt(where, baseOffset, 'its checksum differs');
  if (view.getFloat64(BASE_OFFSET_AT, true) !== baseOffset) {
    throw corrupt(where, baseOffset, `it belongs to offset ${view.getFloat64(BASE_OFFSET_AT, true)}`);
  }
  return {
    count: view.getUint32(COUNT_AT, true),
    lastOffset: baseOffset + view.getUint32(LAST_DELTA_AT, true),
    intakeMs: view.getFloat64(INTAKE_AT, true),
  };
}

function corrupt({ topic, partition }: TopicPartition, offset: number, why: string): HeadraceError {
  return new HeadraceError('LOG_CORRUPT', `The batch at offset ${offset} of ${topic}-${partition} is damaged: ${why}`, {
    where: { topic, partition, offset },
  });
}
