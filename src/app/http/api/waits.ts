import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../../clock.ts';
import type { ApiBackend } from './api-backend.ts';
import { refuse } from './problem.ts';
import { UnderWay } from './under-way.ts';

/** Between two looks: commits may come faster than anybody needs an answer. */
const LOOK_EVERY_MS = 20;
const COMMIT_WAIT_MAX_MS = 1_000;
const RETRY_AFTER_SECONDS = 1;

/** Requests that wait for a result: woken by commits, bounded in number. */
export class Waits {
  readonly #backend: Pick<ApiBackend, 'awaitCommit'>;
  readonly #clock: Clock;
  readonly #waiting: UnderWay;

  constructor(backend: Pick<ApiBackend, 'awaitCommit'>, clock: Clock, waitersMax: number) {
    this.#backend = backend;
    this.#clock = clock;
    this.#waiting = new UnderWay(waitersMax);
  }

  /** The first look that is settled, or the last one when the time is over or the server ends. Throws 503 where too many wait. */
  async until<T>(
    look: () => Promise<T>,
    isSettled: (seen: T) => boolean,
    waitMs: number,
    ending: AbortSignal,
  ): Promise<T> {
    const seen = await look();
    if (waitMs === 0 || isSettled(seen)) return seen;
    const leave = this.#waiting.enter();
    if (leave === undefined) {
      throw refuse(503, 'TOO_MANY_WAIT', 'Too many requests wait for a result', RETRY_AFTER_SECONDS);
    }
    try {
      return await this.#on(look, isSettled, this.#clock() + waitMs, ending);
    } finally {
      leave();
    }
  }

  async #on<T>(
    look: () => Promise<T>,
    isSettled: (seen: T) => boolean,
    until: number,
    ending: AbortSignal,
  ): Promise<T> {
    for (;;) {
      const seen = await look();
      const leftMs = until - this.#clock();
      if (isSettled(seen) || leftMs <= 0 || ending.aborted) return seen;
      await this.#change(leftMs, ending);
    }
  }

  /** Resolves with the next commit, or when the server ends. */
  async #change(leftMs: number, ending: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        // A signal that lives as long as the server must not remember everyone who ever waited.
        ending.removeEventListener('abort', wake);
        resolve();
      };
      ending.addEventListener('abort', wake);
      void this.#backend.awaitCommit(Math.min(leftMs, COMMIT_WAIT_MAX_MS)).then(wake, wake);
    });
    await sleep(Math.min(leftMs, LOOK_EVERY_MS));
  }
}
