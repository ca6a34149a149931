import { numberAt, numberBytes } from './number-bytes.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** One number in the write buffer of a store: it goes back with a record that fails, as everything there does. */
export class StateNumber {
  readonly #buffer: WriteBuffer;
  readonly #key: string;
  readonly #initial: number;
  #bytes: Uint8Array | null | undefined;
  #value = 0;

  constructor(buffer: WriteBuffer, key: string, initial: number) {
    this.#buffer = buffer;
    this.#key = key;
    this.#initial = initial;
  }

  get value(): number {
    const bytes = this.#buffer.get(this.#key);
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#value = bytes === null ? this.#initial : numberAt(bytes, 0);
    }
    return this.#value;
  }

  set value(value: number) {
    if (value === this.value) return;
    const bytes = numberBytes(value);
    this.#buffer.put(this.#key, bytes);
    this.#bytes = bytes;
    this.#value = value;
  }
}
