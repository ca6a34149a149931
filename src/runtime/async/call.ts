import type { Clock, StartTimer } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { type SeededRandom, seededRandom, seedOf } from '../../random.ts';
import type { AsyncCall, CallAsyncNode } from '../../streams/topology/call-node.ts';
import type { Counter } from '../operators/receive.ts';

/** Time as calls have it: all of it comes from whoever runs the task, so that a simulation can drive it. */
export interface CallTiming {
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  /** What came of the call about a record, where that is known already: nobody is called about it again. For a run that does again what was done. */
  readonly known?: ((operator: string, offset: number) => CallOutcome | undefined) | undefined;
}

export interface CallCounters {
  /** Attempts, the first ones included. */
  readonly attempts: Counter;
  readonly retries: Counter;
  readonly timeouts: Counter;
  /** Calls that failed for good. */
  readonly failures: Counter;
}

/** What came of a call. */
export type CallOutcome = { readonly result: unknown } | { readonly error: HeadraceError };

/** What is asked about a record, whatever the attempt. */
export type CallRequest = Omit<AsyncCall, 'attempt' | 'signal'>;

export interface CallOptions {
  readonly node: CallAsyncNode;
  readonly request: CallRequest;
  readonly timing: CallTiming;
  readonly counters: CallCounters;
  /** Told once, never while the call is being begun; not after it was abandoned. */
  readonly onEnded: () => void;
}

/** The attempts at one record, one after another, until one is answered or no further one may be made. */
export class Call {
  readonly startedAt: number;
  outcome: CallOutcome | undefined;
  readonly #options: CallOptions;
  #attempts = 0;
  #random: SeededRandom | undefined;
  /** Ends what is waited for at present: an attempt's answer, or the next attempt. */
  #stop: () => void = () => {};

  /** Begins the first attempt. */
  constructor(options: CallOptions) {
    this.#options = options;
    this.startedAt = options.timing.clock();
    this.#attempt();
  }

  /** Nobody waits for the outcome any more: the attempt's signal is aborted, and what it answers later is ignored. */
  abandon(): void {
    this.#stop();
  }

  #attempt(): void {
    const { node, request, timing, counters } = this.#options;
    const controller = new AbortController();
    const attempt = ++this.#attempts;
    let isOver = false;
    const over = (then: () => void) => {
      if (isOver) return;
      isOver = true;
      stopTimer();
      then();
    };
    const stopTimer = timing.startTimer(node.timeoutMs, () =>
      over(() => {
        counters.timeouts.count++;
        const error = this.#failure('CALL_TIMED_OUT', `no answer within ${node.timeoutMs} ms`);
        controller.abort(error);
        this.#failed(error);
      }),
    );
    this.#stop = () => over(() => controller.abort());
    counters.attempts.count++;
    let answer: Promise<unknown>;
    try {
      answer = Promise.resolve(node.call({ ...request, attempt, signal: controller.signal }));
    } catch (error) {
      answer = Promise.reject(error);
    }
    answer.then(
      (result) => over(() => this.#end({ result })),
      (error: unknown) => over(() => this.#failed(error)),
    );
  }

  #failed(error: unknown): void {
    const { node, timing, counters } = this.#options;
    const { attemptsMax, untilMs } = node.retry;
    const failure = isTimeout(error) ? error : this.#failure('CALL_FAILED', textOf(error), error);
    const pauseMs = this.#pauseMs();
    const isLast = this.#attempts >= attemptsMax || timing.clock() - this.startedAt + pauseMs > untilMs;
    if (isLast || !this.#isRetriable(error)) {
      counters.failures.count++;
      this.#end({ error: failure });
      return;
    }
    counters.retries.count++;
    this.#stop = timing.startTimer(pauseMs, () => this.#attempt());
  }

  #isRetriable(error: unknown): boolean {
    if (isTimeout(error)) return true;
    try {
      return Boolean(this.#options.node.isRetriable(error));
    } catch {
      // One that does not know the error does not ask for more of it.
      return false;
    }
  }

  /**
   * Doubled each time, and of that from a half to all ("equal jitter"), so that calls that failed together do not come again together. It is drawn from the
   * idempotency key: other calls draw otherwise, and a run is the same again without a source of chance.
   */
  #pauseMs(): number {
    const { backOffMinMs, backOffMaxMs } = this.#options.node.retry;
    this.#random ??= seededRandom(seedOf(this.#options.request.idempotencyKey));
    const wholeMs = Math.min(backOffMinMs * 2 ** (this.#attempts - 1), backOffMaxMs);
    return Math.ceil((wholeMs * (1 + this.#random.next())) / 2);
  }

  #failure(code: 'CALL_FAILED' | 'CALL_TIMED_OUT', reason: string, cause?: unknown): HeadraceError {
    const { name } = this.#options.node;
    const attempts = this.#attempts === 1 ? 'at the first attempt' : `after ${this.#attempts} attempts`;
    return new HeadraceError(code, `${name}: ${reason} (${attempts})`, {
      ...(cause === undefined ? {} : { cause }),
      where: { operator: name },
    });
  }

  #end(outcome: CallOutcome): void {
    this.outcome = outcome;
    this.#options.onEnded();
  }
}

function isTimeout(error: unknown): error is HeadraceError {
  return error instanceof HeadraceError && error.code === 'CALL_TIMED_OUT';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
