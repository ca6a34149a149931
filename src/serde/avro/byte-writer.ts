import { HeadraceError } from '../../errors.ts';
import { stringSerde } from '../primitives.ts';

const SHORT_TEXT_LENGTH = 64;
const START_BYTES = 4_096;
/** A value beyond this is no record any more. */
const BYTES_MAX = 256 * 1024 * 1024;
/** Twice the greatest number whose zigzag form a double holds exactly. */
const ZIGZAG_EXACT_MAX = 2 ** 52;

/** Avro's binary encoding, written into one buffer that is used again for the next value. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(START_BYTES);
  #length = 0;

  reset(): void {
    this.#length = 0;
  }

  /** A copy of what was written, out of Node's pool of buffers: a Uint8Array of its own costs three times as much. */
  bytes(): Uint8Array {
    const copy = Buffer.allocUnsafe(this.#length);
    this.#bytes.copy(copy, 0, 0, this.#length);
    return copy;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  uint32BigEndian(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32BE(value, this.#length);
  }

  /** A zigzag varint; the caller has checked that it fits into 64 bits. */
  varint(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === 'bigint' || value > ZIGZAG_EXACT_MAX || value < -ZIGZAG_EXACT_MAX) {
      this.#bigVarint(BigInt(value));
      return;
    }
    const bytes = this.#bytes;
    let rest = value < 0 ? -value * 2 - 1 : value * 2;
    while (rest >= 0x80) {
      bytes[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    bytes[this.#length++] = rest;
  }

  /** @param bits of the number: float (32) or double (64). */
  float(value: number, bits: 32 | 64): void {
    this.#reserve(8);
    const bytes = this.#bytes;
    this.#length = bits === 32 ? bytes.writeFloatLE(value, this.#length) : bytes.writeDoubleLE(value, this.#length);
  }

  text(value: string): void {
    const { length } = value;
    this.#reserve(length + 10);
    if (length <= SHORT_TEXT_LENGTH && this.#ascii(value)) return;
    const bytes = stringSerde.serialize(value);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Nothing is kept of a text that turns out not to be ASCII. */
  #ascii(value: string): boolean {
    const start = this.#length;
    this.varint(value.length);
    const bytes = this.#bytes;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        this.#length = start;
        return false;
      }
      bytes[this.#length++] = code;
    }
    return true;
  }

  #bigVarint(value: bigint): void {
    let rest = value < 0n ? -value * 2n - 1n : value * 2n;
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    if (needed > BYTES_MAX) throw unwritable(`it has more than ${BYTES_MAX} bytes`);
    const larger = Buffer.allocUnsafe(Math.min(BYTES_MAX, Math.max(needed, this.#bytes.length * 2)));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** SERIALIZATION_FAILED, for a value that the schema has no form for. */
export function unwritable(message: string): HeadraceError {
  return new HeadraceError('SERIALIZATION_FAILED', `The value has no Avro form: ${message}`);
}
