import { BufferPool } from './buffer-pool.ts';

/** Of the buffers of one who brings no pool. */
const BUFFER_BYTES_DEFAULT = 64 * 1024;
/** Below 128, so that the length takes one byte. */
const SHORT_TEXT = 48;

const WORD_BYTES = 4;

const NOTHING = Buffer.alloc(0);

/**
 * Writes RowBinary's primitives, little-endian, into one buffer after another: what is written is never moved. No primitive lies in two
 * buffers, but a cell may, behind its length.
 */
export class RowBytes {
  /** The one that is written to. */
  #bytes: Buffer = NOTHING;
  /** Of the same bytes: V8 compiles its calls in line, which it does not for those of a Buffer. */
  #view = viewOf(NOTHING);
  /** How far it is written. */
  #length = 0;
  /** Those before it, each with where it ends among all bytes. */
  readonly #full: { readonly bytes: Buffer; readonly end: number }[] = [];
  /** What these hold. */
  #lengthBefore = 0;
  readonly #pool: BufferPool;

  /** @param pool where its buffers come from. */
  constructor(pool = new BufferPool(BUFFER_BYTES_DEFAULT)) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#lengthBefore + this.#length;
  }

  /** All of it in its order, as views of its buffers. */
  pieces(): readonly Uint8Array[] {
    let start = 0;
    const full = this.#full.map(({ bytes, end }) => {
      const piece = bytes.subarray(0, end - start);
      start = end;
      return piece;
    });
    return this.#length === 0 ? full : [...full, this.#bytes.subarray(0, this.#length)];
  }

  truncate(length: number): void {
    while (length < this.#lengthBefore) {
      this.#pool.give(this.#bytes);
      this.#use(this.#full.pop()!.bytes);
      this.#lengthBefore = this.#full.at(-1)?.end ?? 0;
    }
    this.#length = length - this.#lengthBefore;
  }

  /** Gives its buffers back to the pool: nothing of it may be read any more. */
  release(): void {
    this.truncate(0);
    this.#pool.give(this.#bytes);
    this.#use(NOTHING);
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value, true);
    this.#length += 4;
  }

  uint64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, value, true);
    this.#length += 8;
  }

  /** A whole number below 2^53 without the detour over a bigint. */
  safeInteger64(value: number): void {
    this.#reserve(8);
    const low = value >>> 0;
    this.#view.setUint32(this.#length, low, true);
    this.#view.setInt32(this.#length + 4, (value - low) / 0x1_0000_0000, true);
    this.#length += 8;
  }

  int64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  float32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeFloatLE(value, this.#length);
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** LEB128, as RowBinary writes lengths. */
  length32(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.#asciiText(value)) return;
    const byteLength = Buffer.byteLength(value, 'utf8');
    this.length32(byteLength);
    this.#reserve(byteLength);
    this.#length += this.#bytes.write(value, this.#length, 'utf8');
  }

  /** Bytes with their number before them. */
  raw(source: Uint8Array): void {
    this.length32(source.length);
    this.#reserve(source.length);
    // As with texts, a loop beats a native call for few.
    if (source.length > SHORT_TEXT) this.#bytes.set(source, this.#length);
    else for (let i = 0; i < source.length; i++) this.#bytes[this.#length + i] = source[i]!;
    this.#length += source.length;
  }

  /** As `raw`, of the bytes from one place to another in a view; four at a time, which takes a third less of the time of a row. */
  rawOf(source: DataView, start: number, end: number): void {
    const length = end - start;
    if (length > SHORT_TEXT) {
      this.raw(new Uint8Array(source.buffer, source.byteOffset + start, length));
      return;
    }
    this.#reserve(length + 1);
    const view = this.#view;
    let at = this.#length;
    view.setUint8(at++, length);
    let from = start;
    for (; from + WORD_BYTES <= end; from += WORD_BYTES, at += WORD_BYTES)
      view.setInt32(at, source.getInt32(from, true), true);
    for (; from < end; from++) view.setUint8(at++, source.getUint8(from));
    this.#length = at;
  }

  /** Bytes alone, of a type that says how many there are. */
  fixed(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A loop beats two native calls for the short ASCII texts that most cells are. False where it is not ASCII. */
  #asciiText(value: string): boolean {
    const length = value.length;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    const start = this.#length + 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[start + i] = code;
    }
    bytes[this.#length] = length;
    this.#length = start + length;
    return true;
  }

  #reserve(count: number): void {
    if (this.#length + count > this.#bytes.length) this.#begin(count);
  }

  /** The next buffer, of so many bytes at least. */
  #begin(count: number): void {
    if (this.#length === 0) this.#pool.give(this.#bytes);
    else this.#full.push({ bytes: this.#bytes, end: this.length });
    this.#lengthBefore = this.length;
    this.#length = 0;
    this.#use(count > this.#pool.bufferBytes ? Buffer.allocUnsafeSlow(count) : this.#pool.take());
  }

  #use(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
