/**
 * A record batch of magic 2 (KIP-98), big-endian:
 *
 *     0  i64  offset of the first record
 *     8  i32  length of what follows
 *    12  i32  epoch of the leader, set by the broker and not covered by the checksum
 *    16  i8   magic: 2
 *    17  u32  CRC-32C of everything from byte 21 on
 *    21  i16  attributes, see below
 *    23  i32  offset of the last record minus the base offset; compaction keeps it
 *    27  i64  timestamp that the records' deltas count from
 *    35  i64  greatest timestamp; with log-append time the timestamp of all records
 *    43  i64  producer id, -1 for none
 *    51  i16  producer epoch
 *    53  i32  sequence number of the first record
 *    57  i32  number of records
 *    61  the records, compressed together where the attributes say so
 *
 * A record is, in zigzag varints: its length behind this number, a byte of attributes, timestamp delta, offset delta, length of the key
 * (-1 for null), key, length of the value, value, number of headers, and for each header length, name, length, value.
 */
export const BASE_OFFSET_AT = 0;
export const BATCH_LENGTH_AT = 8;
export const LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CHECKSUM_AT = 17;
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const RECORD_COUNT_AT = 57;
export const RECORDS_AT = 61;

/** What stands before the bytes that the length counts. */
export const LOG_OVERHEAD_BYTES = 12;
export const MAGIC = 2;

export const COMPRESSION_BITS = 0x07;
export const LOG_APPEND_TIME_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;

/** One byte for the length and for each of the six fields. */
export const RECORD_BYTES_MIN = 7;

/** The compressions, by their number in the attributes. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export type Codec = Exclude<(typeof codecs)[number], 'none'>;
