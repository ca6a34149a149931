import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { type ErrorCode, HeadraceError } from '../errors.ts';
import type { HeadraceNode, NodeStatus } from './node.ts';

/** How long a command that has an end waits while nothing moves: long enough to make room on a full disk. */
export const STALL_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 500;
/** A refusal counts as long as it is not older than the longest pause between two tries. */
const REFUSAL_FRESH_MS = 5_000;

/** What went wrong last, as far as it is known. */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * Engine and sink try for ever what may pass, a full disk above all. A service is to do so; a command that has an end is
 * to say what is the matter and end.
 */
export class StallWatch {
  readonly #node: Pick<HeadraceNode, 'status'>;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #lookEveryMs: number;
  #appended = 0;
  #refusal: { readonly fault: Fault; readonly at: number } | undefined;

  constructor(node: Pick<HeadraceNode, 'status'>, clock: Clock, limitMs = STALL_LIMIT_MS) {
    this.#node = node;
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#lookEveryMs = Math.max(1, Math.min(LOOK_EVERY_MS, limitMs / 4));
  }

  /** The log has taken records: something moves. */
  appended(count: number): void {
    this.#appended += count;
    this.#refusal = undefined;
  }

  /** The log has refused records, and they are to be sent again. */
  refused(error: Fault): void {
    this.#refusal = { fault: error, at: this.#clock() };
  }

  /**
   * The result of `work`. Rejects with the code of what holds it up, or WORKER_STUCK, when there is something to do and
   * nothing has moved for the limit; the work itself goes on until the node is closed.
   */
  async guard<T>(work: Promise<T>): Promise<T> {
    const done = new AbortController();
    try {
      return await Promise.race([work, this.#watch(done.signal)]);
    } finally {
      done.abort();
    }
  }

  async #watch(done: AbortSignal): Promise<never> {
    let last = '';
    let movedAt = this.#clock();
    for (;;) {
      const isDone = await sleep(this.#lookEveryMs, false, { signal: done }).catch(() => true);
      // Nobody listens to the watch any more: the work has ended.
      if (isDone !== false) return new Promise<never>(() => undefined);
      const status = await this.#node.status();
      const now = this.#clock();
      const figures = [status.commits, status.sinkRows, status.lag, status.sinkLag, this.#appended].join();
      if (figures !== last || !this.#isWaiting(status, now)) {
        last = figures;
        movedAt = now;
      } else if (now - movedAt >= this.#limitMs) throw this.#stalled(status);
    }
  }

  #isWaiting({ lag, sinkLag }: NodeStatus, now: number): boolean {
    const isRefused = this.#refusal !== undefined && now - this.#refusal.at < REFUSAL_FRESH_MS;
    return isRefused || lag > 0 || sinkLag > 0;
  }

  #stalled({ fault, sinkError }: NodeStatus): HeadraceError {
    const known = this.#refusal?.fault ?? fault;
    const why = known?.message ?? sinkError ?? 'no error is known';
    return new HeadraceError(
      known?.code ?? 'WORKER_STUCK',
      `Nothing has moved for ${Math.round(this.#limitMs / 1_000)} s: ${why}. What was taken in is safe in the log; run the same again, and what is in already is found as duplicates`,
      { retriable: true },
    );
  }
}
