import { HeadraceError } from '../errors.ts';
import type { GroupOffset } from '../log/log.ts';
import type { WorkerOptions } from './worker-options.ts';

/** As Kafka Streams' repartition.purge.interval.ms (KIP-811). */
export const PURGE_INTERVAL_MS = 30_000;

export interface PurgesOptions extends Pick<WorkerOptions, 'application' | 'topology' | 'clock' | 'onFault'> {
  readonly log: Pick<WorkerOptions['log'], 'purge'>;
  readonly purgeIntervalMs?: number;
}

/**
 * Tells a log that keeps the records of repartition topics until they are purged (Log.purge) what has been consumed of them, from time to
 * time and in the background. A purge that fails, or never comes, costs room and nothing else.
 */
export class Purges {
  readonly #options: PurgesOptions;
  readonly #topics: ReadonlySet<string>;
  readonly #purged = new Map<string, number>();
  #lastAt: number;
  #isUnderWay = false;
  #hasEnded = false;
  /** What is told already: the same again is no news. */
  #told: string | undefined;

  constructor(options: PurgesOptions) {
    const { application, topology, clock } = options;
    this.#options = options;
    this.#topics = new Set(topology.plan.repartitionTopics.map(({ name }) => `${application}-${name}`));
    this.#lastAt = clock();
  }

  /** Begins a purge where it is time for one; never waits. Of what is not a repartition topic nothing is purged. */
  look(assigned: { readonly committedOffsets: readonly GroupOffset[] }): void {
    const { log, clock, purgeIntervalMs = PURGE_INTERVAL_MS } = this.#options;
    if (log.purge === undefined || this.#topics.size === 0 || this.#isUnderWay || this.#hasEnded) return;
    const now = clock();
    // A clock that was set back must not put it off.
    if (Math.abs(now - this.#lastAt) < purgeIntervalMs) return;
    this.#lastAt = now;
    const offsets = assigned.committedOffsets.filter(
      (each) => this.#topics.has(each.topic) && each.offset > (this.#purged.get(keyOf(each)) ?? 0),
    );
    if (offsets.length === 0) return;
    this.#isUnderWay = true;
    void this.#purge(offsets);
  }

  /** Nothing is begun or told any more. */
  end(): void {
    this.#hasEnded = true;
  }

  async #purge(offsets: readonly GroupOffset[]): Promise<void> {
    try {
      await this.#options.log.purge?.(offsets);
      for (const each of offsets) this.#purged.set(keyOf(each), each.offset);
      this.#told = undefined;
    } catch (error) {
      this.#tell(error);
    } finally {
      this.#isUnderWay = false;
    }
  }

  #tell(error: unknown): void {
    const fault =
      error instanceof HeadraceError
        ? error
        : new HeadraceError('PROCESSING_FAILED', 'Purging ended by an error of ours', { cause: error });
    if (this.#hasEnded || this.#told === fault.message) return;
    this.#told = fault.message;
    this.#options.onFault?.(fault);
  }
}

function keyOf({ topic, partition }: GroupOffset): string {
  return `${partition} ${topic}`;
}
