import type { Clock } from '../../../clock.ts';
import { HeadraceError } from '../../../errors.ts';
import { nextOf, type Signal, type StartTimer } from '../../membership/signal.ts';

/** Time as the adapter sees it. */
export interface Timing {
  readonly clock: Clock;
  readonly startTimer: StartTimer;
}

/** Waits, or less where one of the signals is notified. */
export function pause({ startTimer }: Timing, milliseconds: number, wokenBy: readonly Signal[] = []): Promise<void> {
  return nextOf(wokenBy, milliseconds, startTimer);
}

/** What an attempt returns that may succeed the next time, with the reason that is told when the time is over. */
export class Again {
  readonly because: string;

  constructor(because: string) {
    this.because = because;
  }
}

export interface RetryOptions extends Timing {
  /** When the last attempt may begin, on the clock. */
  readonly until: number;
  /** What is tried, as the error names it: "to create topics". */
  readonly what: string;
  /** Ends the tries, by throwing. */
  readonly requireOpen?: () => void;
}

/** Between attempts: doubled each time up to the greatest. The first is short, for most reasons pass in milliseconds. */
const PAUSE_MIN_MS = 3;
const PAUSE_MAX_MS = 500;

/**
 * Attempts until it is done. Attempts that return {@link Again} or reject with KAFKA_UNAVAILABLE are repeated; other errors end it.
 * Rejects with KAFKA_UNAVAILABLE when the time is over.
 */
export async function retried<Result>(attempt: () => Promise<Result | Again>, options: RetryOptions): Promise<Result> {
  const { until, what, requireOpen = () => {}, clock } = options;
  let pauseMs = PAUSE_MIN_MS;
  for (;;) {
    requireOpen();
    const outcome = await attempt().catch((error: unknown) => {
      if (isUnavailable(error)) return new Again(error.message);
      throw error;
    });
    if (!(outcome instanceof Again)) return outcome;
    if (clock() >= until) throw unavailable(`Kafka did not manage ${what} in time: ${outcome.because}`);
    await pause(options, pauseMs);
    pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
  }
}

export function isUnavailable(error: unknown): error is HeadraceError {
  return error instanceof HeadraceError && error.code === 'KAFKA_UNAVAILABLE';
}

export function unavailable(message: string, cause?: unknown): HeadraceError {
  return new HeadraceError('KAFKA_UNAVAILABLE', message, {
    retriable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** An error that is none of ours is a bug, and ends what it happened in. `what` begins a sentence. */
export function ownError(error: unknown, what: string): HeadraceError {
  if (error instanceof HeadraceError) return error;
  return new HeadraceError('PROCESSING_FAILED', `${what} ended by an error of ours`, { cause: error });
}
