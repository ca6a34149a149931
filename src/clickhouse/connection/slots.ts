import { HeadraceError } from '../../errors.ts';

/** How many readers may wait for a slot before the next is refused. */
const WAITING_MAX = 256;

/** Lets at most `count` callers in at a time; the others wait in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when a slot is the caller's. Rejects with QUERY_FAILED (retriable) where too many wait already. */
  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.length >= WAITING_MAX) {
      throw new HeadraceError('QUERY_FAILED', `Too many queries: ${WAITING_MAX} wait already for a reader`, {
        retriable: true,
      });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
