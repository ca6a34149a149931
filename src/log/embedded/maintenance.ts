import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { DroppedStores } from './dropped-stores.ts';
import type { PartitionLog } from './partition-log.ts';
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

/** What has something to do for each partition: retention, compaction. */
interface PartitionWork {
  /** One bounded step. Returns whether there is more to do. */
  step(partition: PartitionLog, nowMs: number): boolean;
}

/** Runs retention, compaction and what resets have left, in steps short enough that commits hardly wait for them. */
export class Maintenance {
  readonly #topics: TopicCatalog;
  readonly #work: readonly PartitionWork[];
  readonly #dropped: DroppedStores;
  readonly #options: MaintenanceOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Partitions that the present round still has to visit. */
  #round: PartitionLog[] = [];

  constructor(
    topics: TopicCatalog,
    work: readonly PartitionWork[],
    dropped: DroppedStores,
    options: MaintenanceOptions,
  ) {
    this.#topics = topics;
    this.#work = work;
    this.#dropped = dropped;
    this.#options = options;
    if (options.intervalMs > 0) this.#schedule(options.intervalMs);
  }

  /** Returns whether there is more to do. */
  step(): boolean {
    const { clock } = this.#options;
    if (this.#round.length === 0) this.#round = this.#topics.all().flatMap(({ partitions }) => [...partitions]);
    const unfinished: PartitionLog[] = [];
    const begunMs = clock();
    const hasDropped = this.#dropped.step();
    while (this.#round.length > 0 && clock() - begunMs < STEP_MS_MAX) {
      const partition = this.#round.pop()!;
      const hasMore = this.#work.map((each) => each.step(partition, clock()));
      if (hasMore.includes(true)) unfinished.push(partition);
    }
    this.#round = [...unfinished, ...this.#round];
    return this.#round.length > 0 || hasDropped;
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
