/** Between tries after an abort: doubled each time up to the greatest. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 5_000;

const sleepFor = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The pauses of one who tries again without end what may pass. */
export class RetryPauses {
  readonly #sleep: (milliseconds: number) => Promise<void>;
  #nextMs = RETRY_MIN_MS;

  constructor(sleep: ((milliseconds: number) => Promise<void>) | undefined) {
    this.#sleep = sleep ?? sleepFor;
  }

  /** Waits, longer each time. */
  async wait(): Promise<void> {
    await this.#sleep(this.#nextMs);
    this.#nextMs = Math.min(this.#nextMs * 2, RETRY_MAX_MS);
  }

  /** It has succeeded: the next pause is a short one again. */
  reset(): void {
    this.#nextMs = RETRY_MIN_MS;
  }
}
