import { HeadraceError } from '../../../errors.ts';

const INITIAL_BYTES = 256;
const STRING_BYTES_MAX = 0x7fff;

/**
 * The body of a request in Kafka's protocol (big-endian). Grows as needed. Methods named compact* and tags belong to flexible versions
 * (KIP-482). kafkajs copies what stands in `buffer` behind its own header, which is all that it asks of an encoder.
 */
export class RequestWriter {
  #bytes: Buffer;
  #at = 0;

  /** @param byteLength what is expected to be written. */
  constructor(byteLength = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafe(byteLength);
  }

  /** What kafkajs's request takes. */
  get buffer(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** By this kafkajs tells an encoder from other things. */
  get buf(): Buffer {
    return this.buffer;
  }

  size(): number {
    return this.#at;
  }

  int8(value: number): this {
    this.#reserve(1);
    this.#at = this.#bytes.writeInt8(value, this.#at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
    return this;
  }

  int64(value: bigint | number): this {
    this.#reserve(8);
    this.#at = this.#bytes.writeBigInt64BE(BigInt(value), this.#at);
    return this;
  }

  uvarint(value: number): this {
    this.#reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    if (length > STRING_BYTES_MAX) throw tooLong(value, length);
    return this.int16(length).#text(value, length);
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  compactString(value: string): this {
    const length = Buffer.byteLength(value);
    return this.uvarint(length + 1).#text(value, length);
  }

  compactNullableString(value: string | null): this {
    return value === null ? this.uvarint(0) : this.compactString(value);
  }

  bytes(value: Uint8Array): this {
    this.int32(value.length).#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  array<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  compactArray<Item>(items: readonly Item[] | null, write: (item: Item) => void): this {
    this.uvarint(items === null ? 0 : items.length + 1);
    for (const item of items ?? []) write(item);
    return this;
  }

  uuid(value: string): this {
    const bytes = Buffer.from(value, 'base64url');
    this.#reserve(16);
    this.#bytes.fill(0, this.#at, this.#at + 16);
    bytes.copy(this.#bytes, this.#at);
    this.#at += 16;
    return this;
  }

  /** No tagged fields. */
  noTags(): this {
    return this.uvarint(0);
  }

  #text(value: string, length: number): this {
    this.#reserve(length);
    this.#at += this.#bytes.write(value, this.#at, 'utf8');
    return this;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + length));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

function tooLong(value: string, length: number): HeadraceError {
  return new HeadraceError(
    'KAFKA_REFUSED',
    `"${value.slice(0, 32)}…" has ${length} bytes, and Kafka takes names of at most ${STRING_BYTES_MAX}`,
  );
}
