import { HeadraceError } from '../../../errors.ts';
import type { Cluster, ClusterTopic } from '../cluster/cluster.ts';
import { isUnavailable, ownError, unavailable } from '../cluster/retries.ts';
import { topicRecreated } from './topic-identities.ts';

export interface WatchedTopicsOptions {
  readonly cluster: Cluster;
  readonly group: string;
  /** As they were when the member joined. */
  readonly topics: readonly ClusterTopic[];
  readonly onFault: (error: HeadraceError) => void;
  /** Told once, of what does not pass. */
  readonly onFailure: (error: HeadraceError) => void;
}

/** Between two looks: a partition that was added waits so long until somebody says so. */
const LOOK_INTERVAL_MS = 10_000;
/** The same while something seems to be wrong. */
const DOUBT_INTERVAL_MS = 500;
/** A broker that has just begun may tell of a time that is over. What it tells for longer is so. */
const DOUBT_MAX_MS = 5_000;

/**
 * Whether the topics that a member reads are still those that it joined for: a topic that was deleted, made again, or given more partitions
 * is another one, and nobody else would say so.
 */
export class WatchedTopics {
  readonly #options: WatchedTopicsOptions;
  #lookAt: number;
  #doubtedAt: number | undefined;
  #isLooking = false;

  constructor(options: WatchedTopicsOptions) {
    this.#options = options;
    this.#lookAt = options.cluster.timing.clock() + LOOK_INTERVAL_MS;
  }

  /** To be called often; it asks now and then, in the background. */
  look(): void {
    if (this.#isLooking || this.#options.topics.length === 0) return;
    if (this.#options.cluster.timing.clock() < this.#lookAt) return;
    this.#isLooking = true;
    void this.#ask().finally(() => {
      this.#isLooking = false;
    });
  }

  /** Something was answered that a change of the topics would explain. */
  doubt(): void {
    const soon = this.#options.cluster.timing.clock() + DOUBT_INTERVAL_MS;
    this.#lookAt = Math.min(this.#lookAt, soon);
  }

  async #ask(): Promise<void> {
    const { cluster, topics, onFault, onFailure } = this.#options;
    const { clock } = cluster.timing;
    try {
      await cluster.refresh(topics.map(({ name }) => name));
      const difference = this.#difference();
      const now = clock();
      if (difference === undefined) this.#doubtedAt = undefined;
      else if (this.#doubtedAt === undefined) {
        this.#doubtedAt = now;
        onFault(unavailable(`${difference.message} (asking again)`));
      } else if (now - this.#doubtedAt >= DOUBT_MAX_MS) onFailure(difference);
    } catch (error) {
      if (isUnavailable(error)) onFault(error);
      else onFailure(ownError(error, 'Looking at topics'));
    }
    this.#lookAt = clock() + (this.#doubtedAt === undefined ? LOOK_INTERVAL_MS : DOUBT_INTERVAL_MS);
  }

  #difference(): HeadraceError | undefined {
    const { cluster, topics, group } = this.#options;
    for (const { name, id, leaders } of topics) {
      const now = cluster.known(name);
      if (now === undefined) return deleted(name, group);
      if (now.id !== id) return topicRecreated(name, group);
      if (now.leaders.length !== leaders.length) return otherPartitions(name, leaders.length, now.leaders.length);
    }
    return undefined;
  }
}

function deleted(topic: string, group: string): HeadraceError {
  return new HeadraceError(
    'TOPIC_UNKNOWN',
    `Topic ${topic} was deleted while ${group} was reading it. Bring it back, or take it out of the topology`,
    { where: { topic } },
  );
}

function otherPartitions(topic: string, before: number, now: number): HeadraceError {
  return new HeadraceError(
    'TOPIC_MISMATCH',
    `Topic ${topic} had ${before} partitions and has ${now} now: keys lie in other partitions than their state. Make a topic with ${now} partitions, send everything through it, and read that`,
    { where: { topic } },
  );
}
