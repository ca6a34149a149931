import { crc32c } from '../../../../storage/checksum.ts';

type Bytes = Buffer | Uint8Array | string;

/** A message as kafkajs's producers are given it. The timestamp is in milliseconds. */
export interface MessageToEncode {
  readonly timestamp?: string | number | null;
  readonly key?: Bytes | null;
  readonly value?: Bytes | null;
  readonly headers?: Readonly<Record<string, Bytes | null | readonly (Bytes | null)[]>>;
}

export interface BatchToEncode {
  readonly messages: readonly MessageToEncode[];
  readonly attributes: number;
  /** The timestamp of messages that have none. */
  readonly now: number;
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
  const { messages, now, compress } = batch;
  const timestamps = messages.map(({ timestamp }) => (timestamp == null ? now : Number(timestamp)));
  const first = timestamps[0] ?? now;
  const bodies = messages.map((message, index) => bodyBytes(message, index, (timestamps[index] ?? now) - first));
  const recordsBytes = bodies.reduce((sum, bytes) => sum + varintBytes(bytes) + bytes, 0);
  let bytes = Buffer.allocUnsafe(HEADER_BYTES + recordsBytes);
  let at = HEADER_BYTES;
  let last = first;
  for (const [index, message] of messages.entries()) {
    const timestamp = timestamps[index] ?? now;
    at = writeVarint(bytes, at, bodies[index] ?? 0);
    at = writeBody(bytes, at, message, index, timestamp - first);
    if (timestamp > last) last = timestamp;
  }
  if (compress !== null) {
    const compressed = await compress(bytes.subarray(HEADER_BYTES));
    bytes = Buffer.concat([Buffer.allocUnsafe(HEADER_BYTES), compressed]);
  }
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - LENGTH_AT - 4, LENGTH_AT);
  bytes.writeInt32BE(0, 12);
  bytes.writeInt8(MAGIC, MAGIC_AT);
  bytes.writeInt16BE(batch.attributes, ATTRIBUTES_AT);
  bytes.writeInt32BE(messages.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(first), 27);
  bytes.writeBigInt64BE(BigInt(last), 35);
  bytes.writeBigInt64BE(batch.producerId, 43);
  bytes.writeInt16BE(batch.producerEpoch, 51);
  bytes.writeInt32BE(batch.firstSequence, 53);
  bytes.writeInt32BE(messages.length, 57);
  bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT)), CHECKSUM_AT);
  return bytes;
}

type Headers = NonNullable<MessageToEncode['headers']>;

/** The headers of a message one by one: a name may stand for several values. */
function headersOf(headers: Headers): readonly (readonly [string, Bytes | null])[] {
  return Object.entries(headers).flatMap(([name, held]) =>
    Array.isArray(held)
      ? held.map((value: Bytes | null) => [name, value] as const)
      : [[name, held as Bytes | null] as const],
  );
}

function bodyBytes(message: MessageToEncode, offsetDelta: number, timestampDelta: number): number {
  let bytes = 1 + varintBytes(timestampDelta) + varintBytes(offsetDelta);
  bytes += fieldBytes(message.key) + fieldBytes(message.value);
  if (message.headers === undefined) return bytes + 1;
  const headers = headersOf(message.headers);
  bytes += varintBytes(headers.length);
  for (const [name, value] of headers) bytes += fieldBytes(name) + fieldBytes(value);
  return bytes;
}

function writeBody(
  bytes: Buffer,
  from: number,
  message: MessageToEncode,
  offsetDelta: number,
  timestampDelta: number,
): number {
  // No attributes are in use.
  bytes[from] = 0;
  let at = writeVarint(bytes, from + 1, timestampDelta);
  at = writeVarint(bytes, at, offsetDelta);
  at = writeField(bytes, at, message.key);
  at = writeField(bytes, at, message.value);
  const headers = message.headers === undefined ? [] : headersOf(message.headers);
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
  if (value >= -64 && value < 64) return 1;
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
