import { brokenOff, refusal } from './refusal.ts';

/** How many readers may wait for a slot before the next is refused. */
const WAITING_MAX = 256;

export interface SlotsOptions {
  /** How many may wait at a time. */
  readonly waitingMax?: number;
  /** How long one waits at most; without it for ever. */
  readonly waitMaxMs?: number;
}

/** Lets at most `count` callers in at a time; the others wait in the order in which they came. */
export class Slots {
  readonly #waitingMax: number;
  readonly #waitMaxMs: number | undefined;
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number, { waitingMax = WAITING_MAX, waitMaxMs }: SlotsOptions = {}) {
    this.#free = count;
    this.#waitingMax = waitingMax;
    this.#waitMaxMs = waitMaxMs;
  }

  /**
   * Resolves when a slot is the caller's. Rejects with QUERY_FAILED: retriable where too many wait already or it took too long,
   * else when `signal` is aborted meanwhile.
   */
  async acquire(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) throw brokenOff();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.size >= this.#waitingMax)
      throw tooMany(`Too many queries: ${this.#waitingMax} wait already for a reader`);
    await new Promise<void>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const leave = (error?: Error) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', turnAway);
        this.#waiting.delete(enter);
        if (error === undefined) resolve();
        else reject(error);
      };
      const enter = () => leave();
      const turnAway = () => leave(brokenOff());
      if (this.#waitMaxMs !== undefined) {
        const late = `Too many queries: none of them ended within ${this.#waitMaxMs / 1_000} s`;
        timer = setTimeout(() => leave(tooMany(late)), this.#waitMaxMs);
      }
      signal?.addEventListener('abort', turnAway);
      this.#waiting.add(enter);
    });
  }

  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else next();
  }
}

function tooMany(message: string): Error {
  return refusal('TOO_MANY_SIMULTANEOUS_QUERIES', message, { retriable: true });
}
