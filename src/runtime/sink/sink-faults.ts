import { type ErrorCode, HeadraceError } from '../../errors.ts';

/** After these the member is lost or its position unknown: it joins again and the committed state says where it is. */
const REJOIN: ReadonlySet<ErrorCode> = new Set(['MEMBER_FENCED', 'COMMIT_UNKNOWN', 'KAFKA_UNAVAILABLE']);
/** After these nothing of the commit was written, and the same one may be tried again. */
const COMMIT_AGAIN: ReadonlySet<ErrorCode> = new Set(['COMMIT_REFUSED', 'STORAGE_FULL', 'LOG_BACKPRESSURE']);

const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 10_000;

export function mustRejoin(error: unknown): boolean {
  return error instanceof HeadraceError && REJOIN.has(error.code);
}

export function mayCommitAgain(error: unknown): boolean {
  return error instanceof HeadraceError && COMMIT_AGAIN.has(error.code);
}

/** Errors of commits have been dealt with where they came; a target's error says itself whether it may pass. */
export function mayPass(error: unknown): boolean {
  return error instanceof HeadraceError && error.retriable && !mustRejoin(error);
}

/** How long to wait before the next try: twice as long each time, and never longer than ten seconds. */
export function pauseBeforeTry(attempt: number): number {
  return Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.min(attempt, 16));
}
