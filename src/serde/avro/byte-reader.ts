import { HeadraceError } from '../../errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Texts of ASCII up to this length are read without the native decoder of UTF-8, which costs twice as much for them. */
const SHORT_TEXT_BYTES = 64;
/** And up to this one in a loop alone. */
const TINY_TEXT_BYTES = 8;
/** 2^49: what seven bytes of a varint hold, which a double adds up exactly. */
const SEVEN_BYTES = 7;
const VARINT_BYTES_MAX = 10;

/**
 * Avro's binary encoding, read strictly: nothing beyond the end, no length that the bytes can't have, no boolean but 0
 * and 1, no text that is not UTF-8. avsc's own reader takes the length of an array as it comes and loops over it, so that
 * one flipped bit can hold up a process; that is why Headrace reads by itself.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  /** Of the same bytes, from the first text on that needs it. */
  #buffer: Buffer | undefined;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** A zigzag varint of 64 bits: a number where it is exact as one, else a bigint. */
  varint(): number | bigint {
    const { bytes } = this;
    let position = this.position;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < SEVEN_BYTES; count++) {
      const byte = bytes[position++];
      if (byte === undefined) throw unreadable('they end within a number');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.position = position;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      factor *= 128;
    }
    return this.#longVarint();
  }

  /** A number of 64 bits that is exact as a double. */
  long(): number {
    const value = this.varint();
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw unreadable(`${value} is beyond 2^53 and no amount`);
    return number;
  }

  int(): number {
    const value = this.varint();
    if (typeof value === 'bigint' || value !== (value | 0)) throw unreadable(`${value} is beyond 32 bits`);
    return value;
  }

  boolean(): boolean {
    const byte = this.bytes[this.position++];
    if (byte !== 0 && byte !== 1) throw unreadable(`${byte} is no boolean`);
    return byte === 1;
  }

  /** @param bits of the number: float (32) or double (64). */
  float(bits: 32 | 64): number {
    const bytes = this.take(bits / 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return bits === 32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  }

  /** A length, or a number of items, which each take a byte at least: never more than what is left. */
  length(): number {
    const value = this.varint();
    if (typeof value === 'bigint' || value < 0 || value > this.remaining) {
      throw unreadable(`a length of ${value} is more than the ${this.remaining} bytes that are left`);
    }
    return value;
  }

  /** Items of the next block of an array or map; 0 at its end. */
  blockLength(): number {
    const { position } = this;
    const value = this.varint();
    if (value >= 0) {
      this.position = position;
      return this.length();
    }
    // A negative count comes with the block's bytes, for those who skip it.
    const bytes = this.length();
    const count = -Number(value);
    if (count > bytes) throw unreadable(`${count} items do not fit into ${bytes} bytes`);
    return count;
  }

  text(maxLength: number): string {
    const length = this.length();
    const start = this.position;
    const end = start + length;
    this.position = end;
    if (length > SHORT_TEXT_BYTES) return this.#decode(start, end, maxLength);
    const { bytes } = this;
    let text = '';
    for (let at = start; at < end; at++) {
      const code = bytes[at]!;
      if (code > 0x7f) return this.#decode(start, end, maxLength);
      // Each character that is added becomes an object of its own until the text is read: a native call beats a dozen of them.
      if (length <= TINY_TEXT_BYTES) text += String.fromCharCode(code);
    }
    if (length > TINY_TEXT_BYTES) {
      this.#buffer ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      text = this.#buffer.toString('latin1', start, end);
    }
    return within(text, maxLength);
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw unreadable(`${length} bytes are wanted where ${this.remaining} are left`);
    const from = this.position;
    this.position += length;
    return this.bytes.subarray(from, this.position);
  }

  #decode(start: number, end: number, maxLength: number): string {
    let text: string;
    try {
      text = utf8.decode(this.bytes.subarray(start, end));
    } catch {
      throw unreadable('a text is not UTF-8');
    }
    return within(text, maxLength);
  }

  #longVarint(): number | bigint {
    const { bytes, position } = this;
    let value = 0n;
    for (let count = 0; count < VARINT_BYTES_MAX; count++) {
      const byte = bytes[position + count];
      if (byte === undefined) throw unreadable('they end within a number');
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte >= 0x80) continue;
      if (value >= 2n ** 64n) break;
      this.position = position + count + 1;
      return simplest(value & 1n ? -((value + 1n) >> 1n) : value >> 1n);
    }
    throw unreadable('a number is beyond 64 bits');
  }
}

function simplest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function within(text: string, maxLength: number): string {
  if (text.length > maxLength)
    throw unreadable(`a text has ${text.length} characters, at most ${maxLength} are allowed`);
  return text;
}

/** DESERIALIZATION_FAILED, for bytes that are not what the schema says. */
export function unreadable(message: string): HeadraceError {
  return new HeadraceError('DESERIALIZATION_FAILED', `The Avro bytes can't be read: ${message}`);
}
