import type { StartTimer } from '../clock.ts';

interface TestTimer {
  readonly dueMs: number;
  readonly action: () => void;
}

/** Timers on a clock that stands still until it is moved. */
export class TestTimers {
  readonly #now: () => number;
  /** In the order in which they were started. */
  #timers: TestTimer[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly start: StartTimer = (delayMs, action) => {
    const timer: TestTimer = { dueMs: this.#now() + delayMs, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** When the first of them is due; infinite without any. */
  get nextMs(): number {
    return this.#timers.reduce((first, { dueMs }) => Math.min(first, dueMs), Number.POSITIVE_INFINITY);
  }

  /** Fires what is due, the earliest first; whether anything was. */
  fire(): boolean {
    let hasFired = false;
    for (let due = this.nextMs; due <= this.#now(); due = this.nextMs) {
      const timer = this.#timers.find(({ dueMs }) => dueMs === due)!;
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.action();
      hasFired = true;
    }
    return hasFired;
  }
}
