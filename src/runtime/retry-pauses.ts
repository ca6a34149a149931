import { HeadraceError } from '../errors.ts';

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

  /**
   * Tries to begin until it succeeds; undefined where it is not wanted any more. Brokers that are away come back: that is told; what else is wrong is
   * thrown.
   */
  async begun<Result>(
    action: () => Promise<Result>,
    { isWanted, onFault }: { readonly isWanted: () => boolean; readonly onFault: (error: HeadraceError) => void },
  ): Promise<Result | undefined> {
    while (isWanted()) {
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof HeadraceError) || error.code !== 'KAFKA_UNAVAILABLE') throw error;
        onFault(error);
        await this.wait();
      }
    }
    return undefined;
  }

  /** It has succeeded: the next pause is a short one again. */
  reset(): void {
    this.#nextMs = RETRY_MIN_MS;
  }
}
