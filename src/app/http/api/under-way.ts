/** Counts what is under way, up to limits, and tells when nothing is any more. */
export class UnderWay {
  readonly #countMax: number;
  readonly #bytesMax: number;
  #count = 0;
  #bytes = 0;
  #whenEmpty: (() => void)[] = [];

  constructor(countMax: number, bytesMax = Number.POSITIVE_INFINITY) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  /** What is returned is to be called once, at the end; undefined where there is no room. */
  enter(bytes = 0): (() => void) | undefined {
    if (this.#count >= this.#countMax || (this.#count > 0 && this.#bytes + bytes > this.#bytesMax)) return undefined;
    this.#count++;
    this.#bytes += bytes;
    return () => {
      this.#count--;
      this.#bytes -= bytes;
      if (this.#count === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    };
  }

  /** Resolves when nothing is under way, or after `maxMs`. */
  async empty(maxMs: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, maxMs);
      this.#whenEmpty.push(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }
}
