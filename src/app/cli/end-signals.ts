import type { Clock } from '../../clock.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One Ctrl-C may come twice, from the terminal and from npm: what follows the first so closely is the same. */
const SAME_SIGNAL_MS = 500;

/** What sends signals and can be ended: the process. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface EndSignalsOptions {
  readonly source: SignalSource;
  readonly clock: Clock;
  /** The first signal: an orderly end is asked for. */
  readonly onFirst: () => void;
  /** A further one: at once. */
  readonly onFurther: () => void;
}

/** Listens for signals to end until the function returned is called. */
export function onEndSignals({ source, clock, onFirst, onFurther }: EndSignalsOptions): () => void {
  let firstAt: number | undefined;
  const listener = () => {
    if (firstAt === undefined) {
      firstAt = clock();
      onFirst();
    } else if (clock() - firstAt >= SAME_SIGNAL_MS) onFurther();
  };
  for (const signal of SIGNALS) source.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) source.off(signal, listener);
  };
}
