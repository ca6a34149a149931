/** Tells a worker that waits for its poll that calls have ended. */
export class CallAnswers {
  #work: (() => void) | undefined;
  #isComing = false;
  #failure: { readonly error: unknown } | undefined;

  /** A field, for tasks to call. */
  readonly notify = (): void => {
    if (this.#work === undefined || this.#isComing) return;
    this.#isComing = true;
    queueMicrotask(this.#run);
  };

  /** From now on until {@link end} `work` is called soon after answers have come: once for all that come together. */
  begin(work: () => void): void {
    this.#work = work;
    this.#failure = undefined;
  }

  end(): void {
    this.#work = undefined;
  }

  /** Throws what `work` threw; it was not called any more after that. To be asked when what was waited for has been taken, for that must not be lost with it. */
  requireWorked(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  readonly #run = (): void => {
    this.#isComing = false;
    if (this.#failure !== undefined) return;
    try {
      this.#work?.();
    } catch (error) {
      this.#failure = { error };
    }
  };
}
