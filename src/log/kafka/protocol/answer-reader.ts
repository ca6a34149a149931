import { HeadraceError } from '../../../errors.ts';

/** The body of an answer in Kafka's protocol. Every read is checked against the end: throws LOG_CORRUPT for an answer that is cut short. */
export class AnswerReader {
  readonly #bytes: Buffer;
  readonly #name: string;
  #at = 0;
  #throttleTimeMs = 0;

  /** @param name of the request, for errors. */
  constructor(bytes: Buffer, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  /** How long the broker asks to be left alone, as the last call of {@link throttleTime} read it. */
  get throttleTimeMs(): number {
    return this.#throttleTimeMs;
  }

  throttleTime(): void {
    this.#throttleTimeMs = Math.max(0, this.int32());
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  /** An offset or a count: exact as a number up to 2^53. */
  offset(): number {
    return Number(this.int64());
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 1; shift <= 2 ** 28; shift *= 128) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
    throw this.#damaged('a number does not end');
  }

  string(): string {
    return this.nullableString() ?? '';
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#text(length);
  }

  compactString(): string {
    return this.compactNullableString() ?? '';
  }

  compactNullableString(): string | null {
    const length = this.uvarint() - 1;
    return length < 0 ? null : this.#text(length);
  }

  /** A view of the answer, not a copy. */
  nullableBytes(): Buffer | null {
    const length = this.int32();
    if (length < 0) return null;
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** The same in flexible versions. */
  compactNullableBytes(): Buffer | null {
    const length = this.uvarint() - 1;
    if (length < 0) return null;
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  bytes(): Buffer {
    return this.nullableBytes() ?? Buffer.alloc(0);
  }

  array<Item>(read: () => Item): Item[] {
    return this.#items(this.int32(), read);
  }

  compactArray<Item>(read: () => Item): Item[] {
    return this.#items(this.uvarint() - 1, read);
  }

  /** In Kafka's own writing: base64url. */
  uuid(): string {
    const start = this.#take(16);
    return this.#bytes.toString('base64url', start, start + 16);
  }

  tags(): void {
    const count = this.uvarint();
    for (let i = 0; i < count; i++) {
      this.uvarint();
      this.#take(this.uvarint());
    }
  }

  #items<Item>(length: number, read: () => Item): Item[] {
    // Each item has a byte at least: a longer count is damage, not something to be allocated.
    if (length > this.#bytes.length - this.#at) throw this.#damaged(`it names ${length} items`);
    const items: Item[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }

  #text(length: number): string {
    const start = this.#take(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length < 0 || start + length > this.#bytes.length) throw this.#damaged('it is cut short');
    this.#at = start + length;
    return start;
  }

  #damaged(how: string): HeadraceError {
    return new HeadraceError('LOG_CORRUPT', `The broker's answer to ${this.#name} is damaged: ${how}`);
  }
}
