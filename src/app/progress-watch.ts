import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';

/** What is looked at of a worker. */
export interface Progress {
  readonly application: string;
  readonly lag: number;
  readonly processed: number;
  readonly commits: number;
  /** Who waits for somebody outside, and asks, does not stand still. */
  readonly calls?: { readonly attempts: number };
}

export interface ProgressWatchOptions {
  readonly clock: Clock;
  readonly progress: () => readonly Progress[];
  readonly onStuck: (application: string, error: HeadraceError) => void;
}

/** A worker that has something to do and does nothing for so long is told of, and again after each such time. */
export const STUCK_AFTER_MS = 60_000;

interface Seen {
  readonly figures: string;
  readonly at: number;
}

/**
 * Tells of workers that stand still although there are records for them. Most reasons tell of themselves; this is for those that do not. To
 * be looked at every few seconds.
 */
export class ProgressWatch {
  readonly #options: ProgressWatchOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: ProgressWatchOptions) {
    this.#options = options;
  }

  look(): void {
    const { clock, progress, onStuck } = this.#options;
    const now = clock();
    for (const { application, lag, processed, commits, calls } of progress()) {
      const figures = `${lag > 0} ${processed} ${commits} ${calls?.attempts ?? 0}`;
      const before = this.#seen.get(application);
      const isStanding = lag > 0 && before?.figures === figures && now >= before.at;
      if (isStanding && now - before.at < STUCK_AFTER_MS) continue;
      if (isStanding) onStuck(application, stuck(application, lag, now - before.at));
      this.#seen.set(application, { figures, at: now });
    }
  }
}

function stuck(application: string, lag: number, ms: number): HeadraceError {
  return new HeadraceError(
    'WORKER_STUCK',
    `${application} has ${lag} records to process and has processed none for ${Math.round(ms / 1_000)} s. Look at what its log says before, at the brokers and at the disk`,
  );
}
