import type { RecordBuffer } from '../log/record-buffer.ts';

/**
 * Where the records stand that the record in process has forwarded to one topic, in their order over all partitions. It is kept for
 * topics that an invariant looks at.
 */
export class Forwards {
  readonly #buffers: RecordBuffer[] = [];
  readonly #places: number[] = [];
  /** Entries in use of the two lists. */
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The last record of a buffer is one. */
  add(buffer: RecordBuffer): void {
    this.#buffers[this.#count] = buffer;
    this.#places[this.#count++] = buffer.lastRecordAt;
  }

  clear(): void {
    this.#count = 0;
  }

  timestampAt(index: number): number {
    return this.#buffers[index]!.timestampAt(this.#places[index]!);
  }

  /** A view: valid until something is appended or taken back. */
  keyAt(index: number): Uint8Array | null {
    return this.#buffers[index]!.keyAt(this.#places[index]!);
  }

  /** As {@link keyAt}. */
  valueAt(index: number): Uint8Array | null {
    return this.#buffers[index]!.valueAt(this.#places[index]!);
  }
}
