import type { HeadraceError } from '../../../errors.ts';

/** Reads the numbers of records in place. Every read is checked against `limit`, so that any bytes are read or refused. */
export class RecordCursor {
  readonly #bytes: Uint8Array;
  /** Behind the last byte that may be read. */
  readonly limit: number;
  readonly #malformed: (why: string) => HeadraceError;
  at: number;

  /** @param malformed makes the error for bytes that can't be. */
  constructor(bytes: Uint8Array, start: number, limit: number, malformed: (why: string) => HeadraceError) {
    this.#bytes = bytes;
    this.limit = limit;
    this.#malformed = malformed;
    this.at = start;
  }

  get left(): number {
    return this.limit - this.at;
  }

  /** A number of 32 bits. */
  varint(): number {
    const byte = this.#byte();
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const next = this.#byte();
      if (shift === 28 && next > 0x0f) break;
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw this.#malformed('a number has more than 32 bits');
  }

  /** A number of 64 bits, not exact beyond 2^53. */
  varlong(): number {
    const start = this.at;
    const byte = this.#byte();
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let factor = 128; factor < 2 ** 49; factor *= 128) {
      const next = this.#byte();
      value += (next & 0x7f) * factor;
      if (next < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    this.at = start;
    return this.#wideVarlong();
  }

  /** Bytes with their length before them: returns it, -1 for null, and goes on behind them. */
  nullableSpan(): number {
    const length = this.varint();
    if (length === -1) return -1;
    this.skip(length);
    return length;
  }

  skip(length: number): void {
    if (length < 0) throw this.#malformed(`a length of ${length} bytes`);
    if (length > this.limit - this.at) throw this.#malformed('it is cut short');
    this.at += length;
  }

  #byte(): number {
    if (this.at >= this.limit) throw this.#malformed('it is cut short');
    return this.#bytes[this.at++]!;
  }

  #wideVarlong(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
    }
    throw this.#malformed('a number has more than 64 bits');
  }
}
