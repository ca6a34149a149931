import { BufferPool } from './buffer-pool.ts';

const ROOM_BYTES_MIN = 64 * 1024;
/** Below 128, so that the length takes one byte. */
const SHORT_TEXT = 48;

const NOTHING = Buffer.alloc(0);

/** A buffer that grows and writes RowBinary's primitives, little-endian. */
export class RowBytes {
  #bytes: Buffer;
  /** Of the same bytes: V8 compiles its calls in line, which it does not for those of a Buffer. */
  #view: DataView;
  #length = 0;
  readonly #pool: BufferPool;

  /** @param room for so many bytes at first; it grows as it must. @param pool where its buffers come from. */
  constructor(room = ROOM_BYTES_MIN, pool = new BufferPool()) {
    this.#pool = pool;
    this.#bytes = pool.take(Math.max(room, ROOM_BYTES_MIN));
    this.#view = viewOf(this.#bytes);
  }

  get length(): number {
    return this.#length;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  truncate(length: number): void {
    this.#length = length;
  }

  /** Gives its buffer back to the pool: nothing of it may be read or written any more. */
  release(): void {
    this.#pool.give(this.#bytes);
    this.#bytes = NOTHING;
    this.#view = viewOf(NOTHING);
    this.#length = 0;
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

  /** Bytes, all or some of an array, with their number before them. */
  raw(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start;
    this.length32(length);
    this.#reserve(length);
    const bytes = this.#bytes;
    const at = this.#length;
    // As with texts, a loop beats a native call for few.
    if (length > SHORT_TEXT) bytes.set(source.subarray(start, end), at);
    else for (let i = 0; i < length; i++) bytes[at + i] = source[start + i]!;
    this.#length = at + length;
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
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    let size = Math.max(ROOM_BYTES_MIN, this.#bytes.length * 2);
    while (size < needed) size *= 2;
    const grown = this.#pool.take(size);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#pool.give(this.#bytes);
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
