import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { Compaction } from './compaction.ts';
import type { PartitionLog } from './partition-log.ts';
import type { Retention } from './retention.ts';
import type { TopicCatalog } from './topic-catalog.ts';

/** How often retention and compaction look for work ... */
export const MAINTENANCE_INTERVAL_MS = 1_000;
/** ... and how soon they go on where a step has left some. */
const CONTINUE_AFTER_MS = 10;
/** A step ends after the partition that takes it past this. */
const STEP_MS_MAX = 20;

export interface MaintenanceOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly onError: (error: HeadraceError) => void;
}

/** Runs retention and compaction in steps short enough that commits hardly wait for them. */
export class Maintenance {
  readonly #topics: TopicCatalog;
  readonly #retention: Retention;
  readonly #compaction: Compaction;
  readonly #options: MaintenanceOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Partitions that the present round still has to visit. */
  #round: PartitionLog[] = [];

  constructor(topics: TopicCatalog, retention: Retention, compaction: Compaction, options: MaintenanceOptions) {
    this.#topics = topics;
    this.#retention = retention;
    this.#compaction = compaction;
    this.#options = options;
    if (options.intervalMs > 0) this.#schedule(options.intervalMs);
  }

  /** Returns whether there is more to do. */
  step(): boolean {
    const { clock } = this.#options;
    if (this.#round.length === 0) this.#round = this.#topics.all().flatMap(({ partitions }) => [...partitions]);
    const unfinished: PartitionLog[] = [];
    const begunMs = clock();
    while (this.#round.length > 0 && clock() - begunMs < STEP_MS_MAX) {
      const partition = this.#round.pop()!;
      const hasMore = [this.#retention.step(partition, clock()), this.#compaction.step(partition, clock())];
      if (hasMore.includes(true)) unfinished.push(partition);
    }
    this.#round = [...unfinished, ...this.#round];
    return this.#round.length > 0;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => this.#run(), delayMs);
    this.#timer.unref();
  }

  #run(): void {
    let hasMore = false;
    try {
      hasMore = this.step();
    } catch (error) {
      this.#round = [];
      if (!(error instanceof HeadraceError)) throw error;
      if (error.code !== 'STORAGE_FULL') this.#options.onError(error);
    }
    this.#schedule(hasMore ? CONTINUE_AFTER_MS : this.#options.intervalMs);
  }
}
