import type { OperatorTally } from '../operator-tally.ts';
import type { CallsByOperator } from './task-calls.ts';

/** Of the calls of asynchronous operators. */
export interface CallFigures {
  /** Under way, those between two attempts included. */
  readonly inFlight: number;
  /** Of the call that is under way longest, milliseconds since its first attempt; 0 without any. */
  readonly oldestMs: number;
  /** Each request to a callee, the first ones included. */
  readonly attempts: number;
  readonly retries: number;
  /** Attempts whose time was up. */
  readonly timeouts: number;
  /** Calls that failed for good. */
  readonly failures: number;
}

export const NO_CALLS: CallFigures = { inFlight: 0, oldestMs: 0, attempts: 0, retries: 0, timeouts: 0, failures: 0 };

export function addedCalls(left: CallFigures, right: CallFigures): CallFigures {
  return {
    inFlight: left.inFlight + right.inFlight,
    oldestMs: Math.max(left.oldestMs, right.oldestMs),
    attempts: left.attempts + right.attempts,
    retries: left.retries + right.retries,
    timeouts: left.timeouts + right.timeouts,
    failures: left.failures + right.failures,
  };
}

/** By operator: what was counted for one task, and what is under way in it. */
export function callFigures(tally: OperatorTally, underWay: CallsByOperator): Readonly<Record<string, CallFigures>> {
  const attempts = tally.counted('callAttempt');
  const [retries, timeouts, failures] = (['callRetry', 'callTimeout', 'callFailure'] as const).map((what) =>
    tally.counted(what),
  ) as [typeof attempts, typeof attempts, typeof attempts];
  return Object.fromEntries(
    Object.entries(attempts).map(([operator, count]) => [
      operator,
      {
        ...(underWay[operator] ?? { inFlight: 0, oldestMs: 0 }),
        attempts: count,
        retries: retries[operator] ?? 0,
        timeouts: timeouts[operator] ?? 0,
        failures: failures[operator] ?? 0,
      },
    ]),
  );
}
