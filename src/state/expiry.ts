import { StateNumber } from './state-number.ts';
import { ROOM, timeAt, timeKey } from './time-keys.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** Entries that one record may expire: what is left goes with the next ones. */
export const EXPIRED_PER_RECORD_MAX = 64;

/** Expired entries are looked for each time the horizon has moved by this part of the retention. */
const STEPS_PER_RETENTION = 16;

/** Takes entries out of a store's time-first room when they leave the retention, little by little. */
export class Expiry {
  readonly #buffer: WriteBuffer;
  readonly #retentionMs: number;
  readonly #stepMs: number;
  readonly #remove: (index: string) => void;
  /** Up to here, included, everything is removed. */
  readonly #done: StateNumber;

  constructor(buffer: WriteBuffer, retentionMs: number, remove: (index: string) => void) {
    this.#buffer = buffer;
    this.#retentionMs = retentionMs;
    this.#stepMs = Math.max(1, Math.floor(retentionMs / STEPS_PER_RETENTION));
    this.#remove = remove;
    this.#done = new StateNumber(buffer, `${ROOM.meta}expired`, -1);
  }

  advance(streamTime: number): void {
    const horizon = streamTime - this.#retentionMs - 1;
    if (horizon < 0 || horizon < this.#done.value + this.#stepMs) return;
    // Nothing is put that has left the retention already, so what is behind needs no other look.
    const from = ROOM.byTime + timeKey(Math.max(0, this.#done.value + 1));
    let removed = 0;
    let stoppedAt: number | undefined;
    for (const [index] of this.#buffer.range(from, ROOM.byTime + timeKey(horizon + 1))) {
      if (removed === EXPIRED_PER_RECORD_MAX) {
        stoppedAt = timeAt(index, ROOM.byTime.length);
        break;
      }
      this.#remove(index);
      removed++;
    }
    // Stopped half way, the next record goes on; the step keeps that from being each time a search for nothing.
    this.#done.value = stoppedAt === undefined ? horizon : Math.min(stoppedAt - 1, horizon - this.#stepMs);
  }
}
