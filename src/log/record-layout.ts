/**
 * The bytes of a record inside a batch, little-endian, fixed fields first so that a reader finds everything without
 * decoding what stands before it:
 *
 *     0  u32  length of the whole record, this field included
 *     4  u32  offset of the record minus the batch's base offset
 *     8  f64  timestamp, milliseconds since 1970 (exact: an integer below 2^53)
 *    16  i32  length of the key, -1 for null
 *    20  i32  length of the value, -1 for null
 *    24  u32  number of headers
 *    28  key, value, then for each header: u16 length of the name, name (UTF-8), i32 length of the value, value
 *
 * A batch is BATCH_HEADER_BYTES of header (its fields belong to the adapter that stores it) and then its records.
 */
export const RECORD_HEADER_BYTES = 28;
export const BATCH_HEADER_BYTES = 40;

export const LENGTH_AT = 0;
export const OFFSET_DELTA_AT = 4;
export const TIMESTAMP_AT = 8;
export const KEY_LENGTH_AT = 16;
export const VALUE_LENGTH_AT = 20;
export const HEADER_COUNT_AT = 24;
