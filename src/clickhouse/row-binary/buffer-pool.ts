/** What a pool keeps at most of what nobody uses. */
const FREE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Buffers that are used again. V8 begins a full collection for every 64 MB of buffers that are made: behind a backlog the sink's rows
 * and their copies had it collect every 70 ms, an eighth of its CPU.
 */
export class BufferPool {
  /** The shortest first. */
  #free: Buffer[] = [];

  /** A buffer of at least so many bytes, whatever is in them. */
  take(bytes: number): Buffer {
    const at = this.#free.findIndex((buffer) => buffer.length >= bytes);
    if (at < 0) return Buffer.allocUnsafeSlow(bytes);
    return this.#free.splice(at, 1)[0]!;
  }

  /** Of a buffer that nobody reads or writes any more. What is too much is left to the garbage collector, the longest first. */
  give(buffer: Buffer): void {
    const free = [...this.#free, buffer].sort((one, other) => one.length - other.length);
    let bytes = 0;
    this.#free = free.filter(({ length }) => {
      bytes += length;
      return bytes <= FREE_BYTES_MAX;
    });
  }
}
