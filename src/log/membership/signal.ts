import type { StartTimer } from '../../clock.ts';

export type { StartTimer } from '../../clock.ts';

/** Something that happens again and again, and those who wait for the next time. */
export class Signal {
  readonly #listeners = new Set<(error?: Error) => void>();

  /** Calls `listener` at the next notify or fail; returns what takes it back. */
  onNext(listener: (error?: Error) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  notify(): void {
    this.#take((listener) => listener());
  }

  fail(error: Error): void {
    this.#take((listener) => listener(error));
  }

  #take(call: (listener: (error?: Error) => void) => void): void {
    if (this.#listeners.size === 0) return;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) call(listener);
  }
}

/** Resolves at the next notify of any of the signals or after `timeoutMs`; rejects where one fails. */
export function nextOf(signals: readonly Signal[], timeoutMs: number, startTimer: StartTimer): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      stopTimer();
      for (const stopListening of listening) stopListening();
      if (error === undefined) resolve();
      else reject(error);
    };
    const listening = signals.map((signal) => signal.onNext(settle));
    const stopTimer = startTimer(timeoutMs, () => settle());
  });
}
