import { HeadraceError } from '../../errors.ts';

/**
 * Other processes that are at a task here. Who ends waits for them, and whether one more may come in or the process ends
 * is one decision: nobody is let in and then left alone.
 */
export class Visitors {
  #count = 0;
  #isClosed = false;
  #onEmpty = (): void => undefined;

  /** Lets one in; what is returned is called once, when it leaves. Throws NOT_RUNNING once {@link left} has resolved. */
  enter(): () => void {
    if (this.#isClosed) throw new HeadraceError('NOT_RUNNING', 'The process that owns the data directory is ending');
    this.#count++;
    return () => {
      this.#count--;
      if (this.#count === 0) this.#onEmpty();
    };
  }

  /** Resolves when nobody is here, or after `maxMs`; from then on nobody is let in. */
  async left(maxMs: number): Promise<void> {
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, maxMs);
        this.#onEmpty = () => {
          clearTimeout(limit);
          // In this very step, so that nobody comes in between.
          this.#isClosed = true;
          resolve();
        };
      });
    }
    this.#isClosed = true;
  }
}
