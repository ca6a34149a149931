import { crc32c } from '../../../../storage/checksum.ts';

type Bytes = Buffer | Uint8Array | string;

/** A record as kafkajs's produce request describes it. */
export interface EncodedRecord {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
  readonly key?: Bytes | null;
  readonly value?: Bytes | null;
  readonly headers?: Readonly<Record<string, Bytes | null | readonly (Bytes | null)[]>>;
}

export interface BatchToEncode {
  readonly records: readonly EncodedRecord[];
  readonly attributes: number;
  readonly firstTimestamp: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly compress: ((records: Buffer) => Promise<Buffer>) | null;
}

/** First offset, length, leader epoch, magic, checksum, attributes, last delta, two timestamps, producer, sequence, count. */
const HEADER_BYTES = 61;
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CHECKSUM_AT = 17;
const ATTRIBUTES_AT = 21;
const MAGIC = 2;

/**
 * A record batch (magic 2): its size is counted first, then everything is written into one buffer. The greatest timestamp is
 * that of the records, for retention goes by it.
 */
export async function encodeRecordBatch(batch: BatchToEncode): Promise<Buffer> {
  const { records, firstTimestamp, compress } = batch;
  const bodies = records.map(bodyBytes);
  const recordsBytes = bodies.reduce((sum, bytes) => sum + varintBytes(bytes) + bytes, 0);
  let bytes = Buffer.allocUnsafe(HEADER_BYTES + recordsBytes);
  let at = HEADER_BYTES;
  let deltaMax = 0;
  records.forEach((record, index) => {
    at = writeRecord(bytes, at, record, bodies[index] ?? 0);
    deltaMax = Math.max(deltaMax, record.timestampDelta ?? 0);
  });
  if (compress !== null) {
    const compressed = await compress(bytes.subarray(HEADER_BYTES));
    bytes = Buffer.concat([Buffer.allocUnsafe(HEADER_BYTES), compressed]);
  }
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - LENGTH_AT - 4, LENGTH_AT);
  bytes.writeInt32BE(0, 12);
  bytes.writeInt8(MAGIC, MAGIC_AT);
  bytes.writeInt16BE(batch.attributes, ATTRIBUTES_AT);
  bytes.writeInt32BE(records.length - 1, 23);
  bytes.writeBigInt64BE(firstTimestamp, 27);
  bytes.writeBigInt64BE(firstTimestamp + BigInt(deltaMax), 35);
  bytes.writeBigInt64BE(batch.producerId, 43);
  bytes.writeInt16BE(batch.producerEpoch, 51);
  bytes.writeInt32BE(batch.firstSequence, 53);
  bytes.writeInt32BE(records.length, 57);
  bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT)), CHECKSUM_AT);
  return bytes;
}

/** The headers of a record one by one: a name may stand for several values. */
function headersOf({ headers }: EncodedRecord): readonly (readonly [string, Bytes | null])[] {
  if (headers === undefined) return [];
  return Object.entries(headers).flatMap(([name, held]) =>
    Array.isArray(held)
      ? held.map((value: Bytes | null) => [name, value] as const)
      : [[name, held as Bytes | null] as const],
  );
}

function bodyBytes(record: EncodedRecord): number {
  const headers = headersOf(record);
  let bytes = 1 + varintBytes(record.timestampDelta ?? 0) + varintBytes(record.offsetDelta ?? 0);
  bytes += fieldBytes(record.key) + fieldBytes(record.value) + varintBytes(headers.length);
  for (const [name, value] of headers) bytes += fieldBytes(name) + fieldBytes(value);
  return bytes;
}

function writeRecord(bytes: Buffer, from: number, record: EncodedRecord, body: number): number {
  let at = writeVarint(bytes, from, body);
  bytes[at] = 0;
  at = writeVarint(bytes, at + 1, record.timestampDelta ?? 0);
  at = writeVarint(bytes, at, record.offsetDelta ?? 0);
  at = writeField(bytes, at, record.key);
  at = writeField(bytes, at, record.value);
  const headers = headersOf(record);
  at = writeVarint(bytes, at, headers.length);
  for (const [name, value] of headers) at = writeField(bytes, writeField(bytes, at, name), value);
  return at;
}

function fieldBytes(value: Bytes | null | undefined): number {
  if (value === null || value === undefined) return 1;
  const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
  return varintBytes(length) + length;
}

function writeField(bytes: Buffer, at: number, value: Bytes | null | undefined): number {
  if (value === null || value === undefined) return writeVarint(bytes, at, -1);
  const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
  const start = writeVarint(bytes, at, length);
  if (typeof value === 'string') bytes.write(value, start, 'utf8');
  else bytes.set(value, start);
  return start + length;
}

/** Zigzag: 0, -1, 1, -2 become 0, 1, 2, 3. Timestamps of centuries apart need more than 32 bits, so this reckons in doubles. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function varintBytes(value: number): number {
  let rest = zigzag(value);
  let bytes = 1;
  for (; rest >= 128; bytes += 1) rest = Math.floor(rest / 128);
  return bytes;
}

function writeVarint(bytes: Buffer, from: number, value: number): number {
  let rest = zigzag(value);
  let at = from;
  for (; rest >= 128; at += 1) {
    bytes[at] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[at] = rest;
  return at + 1;
}
