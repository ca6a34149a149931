import type { Clock } from '../../clock.ts';
import { onEndSignals } from './end-signals.ts';

const INTERRUPTED = 130;

/**
 * Runs what can be broken off. The first signal to end aborts with `reason` and waits for it to clean up; a further one ends the
 * process at once.
 */
export async function interruptible<T>(
  clock: Clock,
  reason: Error,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  const stopListening = onEndSignals({
    source: process,
    clock,
    onFirst: () => interruption.abort(reason),
    onFurther: () => process.exit(INTERRUPTED),
  });
  try {
    return await action(interruption.signal);
  } finally {
    stopListening();
  }
}
