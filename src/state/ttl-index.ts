import { numberAt, numberBytes } from './number-bytes.ts';
import { checkKeyLength, ROOM, TIME_LENGTH, timeAt, timeKey } from './time-keys.ts';
import type { WriteBuffer } from './write-buffer.ts';

const INDEXED = Uint8Array.of(1);

/** When each row of a table was updated last: by key, and by time for the one that expires next. Keys are binary strings. */
export class TtlIndex {
  readonly #buffer: WriteBuffer;

  constructor(buffer: WriteBuffer) {
    this.#buffer = buffer;
  }

  /** The row was updated. */
  touch(key: string, time: number): void {
    checkKeyLength(key, 1);
    const before = this.#buffer.get(ROOM.byKey + key);
    if (before !== null) {
      const then = numberAt(before, 0);
      if (then === time) return;
      this.#buffer.put(ROOM.byTime + timeKey(then) + key, null);
    }
    this.#buffer.put(ROOM.byKey + key, numberBytes(time));
    this.#buffer.put(ROOM.byTime + timeKey(time) + key, INDEXED);
  }

  /** The row is gone. */
  forget(key: string): void {
    const before = this.#buffer.get(ROOM.byKey + key);
    if (before === null) return;
    this.#buffer.put(ROOM.byKey + key, null);
    this.#buffer.put(ROOM.byTime + timeKey(numberAt(before, 0)) + key, null);
  }

  /** The rows that were updated last at `until` or before, in the order of time. */
  *due(until: number): IterableIterator<readonly [key: string, time: number]> {
    if (until < 0) return;
    const at = ROOM.byTime.length;
    for (const [entry] of this.#buffer.range(ROOM.byTime, ROOM.byTime + timeKey(until + 1))) {
      yield [entry.slice(at + TIME_LENGTH), timeAt(entry, at)];
    }
  }
}
