/** How many chunks wait for the consumer at most: one to be taken at once, one that is made meanwhile. */
const UNTAKEN_MAX = 2;

/** Counts the chunks of a read that its consumer has yet to take, so that they do not fill the memory. */
export class UntakenChunks {
  #count = 0;
  #isStopped = false;
  #changed = () => {};

  sent(): void {
    this.#count++;
  }

  taken(): void {
    this.#count--;
    this.#changed();
  }

  /** No chunk is wanted any more. */
  stop(): void {
    this.#isStopped = true;
    this.#changed();
  }

  /** Resolves once there is room for one more; to false where none is wanted. */
  async mayGrow(): Promise<boolean> {
    while (!this.#isStopped && this.#count >= UNTAKEN_MAX) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return !this.#isStopped;
  }
}
