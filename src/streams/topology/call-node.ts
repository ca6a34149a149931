import type { HeadraceError } from '../../errors.ts';
import type { Headers } from '../../log/record.ts';
import type { NodeBase } from './nodes.ts';

/** What a callee is asked, once for each attempt. */
export interface AsyncCall<K = unknown, V = unknown> {
  readonly key: K;
  readonly value: V;
  /** Of the record, milliseconds since 1970: the same at each attempt. */
  readonly timestamp: number;
  readonly headers: Headers;
  /**
   * The same at each attempt for one record, over aborts, restarts, instances and replays of its dead letter, and another one for every
   * other record: a callee that does nothing twice under one key has each record's effect exactly once.
   */
  readonly idempotencyKey: string;
  /** From 1; it begins anew when the record is called about again after an abort or a restart. */
  readonly attempt: number;
  /** Aborted when the attempt's time is up or its task is given up: from then on nobody waits for the answer. */
  readonly signal: AbortSignal;
}

/** Bounds of the attempts at one record. */
export interface CallRetry {
  /** Infinite where time alone is the bound. */
  readonly attemptsMax: number;
  /** No further attempt begins later than so long after the first one; infinite where their number alone is the bound. */
  readonly untilMs: number;
  readonly backOffMinMs: number;
  readonly backOffMaxMs: number;
}

/**
 * Asks somebody outside about each record, and goes on with the answer as its value. Its only parent is a repartition of its own: what is asked
 * about is committed before, under offsets that no change of the topology around it moves.
 */
export interface CallAsyncNode extends NodeBase {
  readonly kind: 'callAsync';
  readonly call: (call: AsyncCall) => PromiseLike<unknown>;
  /** Calls under way at once, in each task. */
  readonly maxInFlight: number;
  /** Of each attempt. */
  readonly timeoutMs: number;
  readonly retry: CallRetry;
  readonly isRetriable: (error: unknown) => boolean;
  /** Makes a result of a call that failed for good; without it the record becomes a dead letter. */
  readonly onFailure: ((error: HeadraceError, value: unknown, key: unknown) => unknown) | undefined;
  /** In the place of the key that is made of the record's position. */
  readonly idempotencyKey: ((key: unknown, value: unknown) => string) | undefined;
}
