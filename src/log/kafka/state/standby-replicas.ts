import type { HeadraceError } from '../../../errors.ts';
import { Signal } from '../../membership/signal.ts';
import type { TopicPartition } from '../../record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ownError, pause } from '../cluster/retries.ts';
import type { Topics } from '../cluster/topics.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import type { LogReader } from '../fetch/log-reader.ts';
import type { PartitionsByTopic } from '../group/subscription.ts';
import type { ChangelogRestorer } from './changelog-restorer.ts';
import type { Changelogs } from './changelogs.ts';
import type { LocalState } from './local-state.ts';
import type { RestoreProgress } from './restore-progress.ts';
import { type StandbyChangelog, StandbyRound } from './standby-round.ts';

export interface StandbyReplicasOptions {
  readonly cluster: Cluster;
  readonly topics: Topics;
  readonly reader: LogReader;
  readonly local: LocalState;
  readonly group: string;
  readonly changelogs: Changelogs;
  readonly restorer: ChangelogRestorer;
  readonly onRestore?: (progress: RestoreProgress) => void;
  readonly onFault: (error: HeadraceError) => void;
}

/** After a round that found everything at its end; as often it is looked whether the member's own preparation is done. */
const INTERVAL_MS = 1_000;
/** Before a changelog, or all of them, are tried again: doubled each time up to the greatest. */
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** Leaders and ids of the changelogs are asked for so often, unless an answer makes it necessary sooner. */
const REFRESH_INTERVAL_MS = 10_000;

/** The changelogs of which a member keeps a copy: they are read again and again, beside its own work and behind it. See docs/KAFKA.md. */
export class StandbyReplicas {
  readonly #options: StandbyReplicasOptions;
  readonly #woken = new Signal();
  #partitions: PartitionsByTopic = {};
  /** By partitionKey of the changelog. */
  #wanted: ReadonlyMap<string, StandbyChangelog> = new Map();
  readonly #retries = new Map<string, { readonly at: number; readonly pauseMs: number }>();
  #refreshAt = Number.NEGATIVE_INFINITY;
  #isRunning = false;
  #isPaused = false;

  constructor(options: StandbyReplicasOptions) {
    this.#options = options;
  }

  /** The partitions of sources of which copies are kept from now on; none ends the work. */
  assign(partitions: readonly TopicPartition[]): void {
    const byTopic: Record<string, number[]> = {};
    for (const { topic, partition } of partitions) byTopic[topic] = [...(byTopic[topic] ?? []), partition];
    this.#partitions = byTopic;
    const changelogs = partitions.flatMap((each): StandbyChangelog[] => {
      const found = this.#options.changelogs.ofSource(each);
      return found === undefined ? [] : [{ ...found, key: partitionKey(found.topic, found.partition) }];
    });
    this.#wanted = new Map(changelogs.map((each) => [each.key, each]));
    for (const key of this.#retries.keys()) if (!this.#wanted.has(key)) this.#retries.delete(key);
    this.#woken.notify();
    if (this.#wanted.size > 0 && !this.#isRunning) void this.#run();
  }

  /** What was assigned, by topic. */
  get partitions(): PartitionsByTopic {
    return this.#partitions;
  }

  /** Stands still as long as it is true: the member prepares partitions of its own. */
  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
    if (!isPaused) this.#woken.notify();
  }

  /** Whether a partition of a store is a copy here, and so not as its owner has it. */
  isCopy(store: string, partition: number): boolean {
    if (this.#wanted.size === 0) return false;
    const { topic, partition: of } = this.#options.changelogs.of(store, partition);
    return this.#wanted.has(partitionKey(topic, of));
  }

  async #run(): Promise<void> {
    const { cluster, onFault } = this.#options;
    this.#isRunning = true;
    let retryMs = RETRY_MIN_MS;
    while (this.#wanted.size > 0) {
      let waitMs = INTERVAL_MS;
      if (!this.#isPaused) {
        try {
          const isBehind = await this.#round();
          retryMs = RETRY_MIN_MS;
          if (isBehind) waitMs = 0;
        } catch (error) {
          if (this.#wanted.size === 0) break;
          onFault(ownError(error, 'Reading for standbys'));
          waitMs = retryMs;
          retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
        }
      }
      await pause(cluster.timing, waitMs, [this.#woken]);
    }
    this.#isRunning = false;
  }

  /** Returns whether there is more to read at once. */
  async #round(): Promise<boolean> {
    const { cluster } = this.#options;
    const now = cluster.timing.clock();
    if (now >= this.#refreshAt) {
      await cluster.refresh([...new Set([...this.#wanted.values()].map(({ topic }) => topic))]);
      this.#refreshAt = now + REFRESH_INTERVAL_MS;
    }
    const due = [...this.#wanted.values()].filter(({ key }) => now >= (this.#retries.get(key)?.at ?? now));
    const round = new StandbyRound({
      ...this.#options,
      isWanted: ({ key }) => !this.#isPaused && this.#wanted.has(key),
      onFailed: (changelog, error) => this.#failed(changelog, error),
      onRead: ({ key }) => void this.#retries.delete(key),
    });
    return round.read(due);
  }

  #failed({ key, topic, partition }: StandbyChangelog, error: unknown): void {
    // What ended because it is not wanted any more, or waits, is no failure.
    if (this.#isPaused || !this.#wanted.has(key)) return;
    const { cluster, onFault } = this.#options;
    const pauseMs = Math.min((this.#retries.get(key)?.pauseMs ?? RETRY_MIN_MS / 2) * 2, RETRY_MAX_MS);
    this.#retries.set(key, { at: cluster.timing.clock() + pauseMs, pauseMs });
    this.#refreshAt = Number.NEGATIVE_INFINITY;
    onFault(ownError(error, `Reading ${topic}-${partition} for a standby`));
  }
}
