/** What a pool keeps at most of what nobody uses. */
const FREE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Buffers of one length that are used again. V8 begins a full collection for every 64 MB of buffers that are made: behind a backlog the
 * sink's rows and their copies had it collect every 70 ms, an eighth of its CPU.
 */
export class BufferPool {
  readonly bufferBytes: number;
  readonly #free: Buffer[] = [];

  constructor(bufferBytes: number) {
    this.bufferBytes = bufferBytes;
  }

  /** A buffer, whatever is in it; the one that was given back last, for it is still in the processor's caches. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.bufferBytes);
  }

  /** Of a buffer that nobody reads or writes any more. One of another length, and what is too much, is left to the garbage collector. */
  give(buffer: Buffer): void {
    if (buffer.length !== this.bufferBytes || (this.#free.length + 1) * this.bufferBytes > FREE_BYTES_MAX) return;
    this.#free.push(buffer);
  }
}
