import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { LocalNode } from '../local-node.ts';
import { onEndSignals } from './end-signals.ts';

/** After Ctrl-C, how long to wait for what is under way. */
export const DRAIN_MAX_MS = 30_000;
const INTERRUPTED = 130;

export interface LiveWork {
  /** Aborted by SIGINT, SIGTERM and {@link fail}. */
  readonly signal: AbortSignal;
  /** The engine, or something else that is needed, can't go on. */
  readonly fail: (error: unknown) => void;
}

/**
 * Works until SIGINT or SIGTERM, then drains the node and closes it; rejects with what made it fail. What `work` resolves with is done when
 * holds are released, before the drain.
 */
export async function untilEnded(
  node: LocalNode,
  clock: Clock,
  work: (live: LiveWork) => Promise<(() => Promise<void>) | void>,
): Promise<void> {
  const stop = new AbortController();
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    stop.abort();
  };
  const stopListening = onEndSignals({
    source: process,
    clock,
    onFirst: () => {
      stop.abort();
      process.stderr.write('\nEnding: what was taken in is processed first. Again to end at once.\n');
    },
    onFurther: () => process.exit(INTERRUPTED),
  });
  try {
    const end = await work({ signal: stop.signal, fail });
    node.releaseHolds();
    await end?.();
    if (failure === undefined) await drained(node, DRAIN_MAX_MS);
  } finally {
    await node.close();
    stopListening();
  }
  if (failure !== undefined) throw failure;
}

/** Throws NOT_RUNNING where what was taken in is not processed in time. */
async function drained(node: LocalNode, maxMs: number): Promise<void> {
  const limit = new AbortController();
  const late = sleep(maxMs, 'late', { signal: limit.signal }).catch(() => 'in time');
  const result = await Promise.race([node.drain(), late]);
  limit.abort();
  if (result === 'late') {
    throw new HeadraceError(
      'NOT_RUNNING',
      `What was taken in is safe in the log, but not all of it was processed within ${maxMs / 1_000} s; the next start goes on with it`,
    );
  }
}
