import { toBinaryString } from '../state/binary-string.ts';
import { numberAt, numberBytes } from '../state/number-bytes.ts';
import type { WriteBuffer } from '../state/write-buffer.ts';
import type { Counter } from './operators/receive.ts';

/**
 * The greatest timestamp that has reached one operator of a task (design D3: each operator counts what reaches it). It is
 * kept in the task's write buffer: a record that fails takes it back, a commit makes it durable, and a crash changes no result.
 * Kafka Streams forgets it with a restart; that is the one intended difference.
 */
export class OperatorTime {
  readonly #buffer: WriteBuffer;
  readonly #key: string;
  readonly #outOfOrder: Counter | undefined;
  /** The bytes that {@link #now} was read from: as long as the buffer returns the same, so does this. */
  #bytes: Uint8Array | null | undefined;
  #now = -1;

  /** `outOfOrder` counts what comes behind the time. */
  constructor(buffer: WriteBuffer, operator: string, outOfOrder?: Counter) {
    this.#buffer = buffer;
    this.#outOfOrder = outOfOrder;
    this.#key = toBinaryString(Buffer.from(operator));
  }

  /** Milliseconds since 1970; -1 before anything has come. */
  get now(): number {
    const bytes = this.#buffer.get(this.#key);
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#now = bytes === null ? -1 : numberAt(bytes, 0);
    }
    return this.#now;
  }

  /** Time never goes back. Returns what it is then. */
  advance(timestamp: number): number {
    const now = this.now;
    if (timestamp <= now) {
      if (timestamp < now && this.#outOfOrder !== undefined) this.#outOfOrder.count++;
      return now;
    }
    const bytes = numberBytes(timestamp);
    this.#buffer.put(this.#key, bytes);
    this.#bytes = bytes;
    this.#now = timestamp;
    return timestamp;
  }
}
