import type { StartTimer } from '../membership/signal.ts';

interface Timer {
  readonly dueMs: number;
  readonly number: number;
  readonly action: () => void;
}

/**
 * A clock that jumps: when nothing else is left to run, the timer that is due first fires and the time is what it was
 * set to. Waiting costs no real time, and the order in which timers fire depends on nothing but the order of the calls.
 */
export class VirtualTime {
  #nowMs: number;
  #started = 0;
  #timers: Timer[] = [];
  #isTurning = false;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  readonly now = (): number => this.#nowMs;

  readonly startTimer: StartTimer = (delayMs, action) => {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), number: this.#started++, action };
    this.#timers.push(timer);
    this.#turn();
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** One timer a turn of the event loop: by then everything that could run without waiting has run. */
  #turn(): void {
    if (this.#isTurning || this.#timers.length === 0) return;
    this.#isTurning = true;
    setImmediate(() => {
      this.#isTurning = false;
      const next = this.#timers.reduce<Timer | undefined>(
        (first, timer) =>
          first === undefined ||
          timer.dueMs < first.dueMs ||
          (timer.dueMs === first.dueMs && timer.number < first.number)
            ? timer
            : first,
        undefined,
      );
      if (next === undefined) return;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
      this.#turn();
    });
  }
}
