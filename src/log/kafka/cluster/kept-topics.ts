import { HeadraceError } from '../../../errors.ts';
import type { TopicConfig } from '../../log.ts';
import { errorName, isTransient } from '../protocol/errors.ts';
import { incrementalAlterConfigs } from '../protocol/requests/incremental-alter-configs.ts';
import type { Cluster } from './cluster.ts';
import { Again, retried } from './retries.ts';

/**
 * What is purged alone, and in small segments: brokers delete whole ones, and of a gibibyte, as is usual, they would free nothing for a
 * long time. Kafka Streams has the same.
 */
export const KEPT_CONFIG = { 'retention.ms': '-1', 'segment.bytes': `${50 * 1024 * 1024}` } as const;

const ALTER_TIMEOUT_MS = 30_000;

/**
 * Topics whose records are kept until they are purged, made by a release that gave them a retention: Kafka counts that from the records'
 * own timestamps, which may be decades old, and deletes whether they are read or not.
 */
export class KeptTopics {
  readonly #cluster: Cluster;
  readonly #onFault: ((error: HeadraceError) => void) | undefined;
  readonly #told = new Set<string>();

  constructor(cluster: Cluster, onFault?: (error: HeadraceError) => void) {
    this.#cluster = cluster;
    this.#onFault = onFault;
  }

  /**
   * Takes their retention from topics that have one. Returns the names of those that are altered; where that is refused, it is told once
   * and the topic stays as it is. Rejects with KAFKA_UNAVAILABLE.
   */
  async keep(topics: readonly TopicConfig[]): Promise<readonly string[]> {
    if (topics.length === 0) return [];
    const { timing } = this.#cluster;
    const request = { topics: topics.map(({ name }) => name), config: KEPT_CONFIG };
    const ask = async () => {
      const answer = await this.#cluster.sendToAny(incrementalAlterConfigs(request));
      const transient = answer.topics.find(({ errorCode }) => isTransient(errorCode));
      return transient === undefined ? answer : new Again(errorName(transient.errorCode));
    };
    const requireOpen = () => this.#cluster.requireOpen();
    const until = timing.clock() + ALTER_TIMEOUT_MS;
    const answer = await retried(ask, { ...timing, until, what: 'to alter topics', requireOpen });
    const refused = answer.topics.filter(({ errorCode }) => errorCode !== 0);
    for (const { name, errorCode, errorMessage } of refused) {
      const { retentionMs } = topics.find((topic) => topic.name === name)!;
      if (!this.#told.has(name)) this.#onFault?.(notKept(name, retentionMs, errorMessage ?? errorName(errorCode)));
      this.#told.add(name);
    }
    return answer.topics.filter(({ errorCode }) => errorCode === 0).map(({ name }) => name);
  }
}

function notKept(topic: string, retentionMs: number, why: string): HeadraceError {
  return new HeadraceError(
    'KAFKA_REFUSED',
    `Topic ${topic} has a retention.ms of ${retentionMs}, so the brokers delete records of that age by their own timestamps before they are read: set it to -1 (kafka-configs --alter --add-config retention.ms=-1), or give this user the right to do so (kafka-acls --operation AlterConfigs); Kafka refuses it now: ${why}`,
    { where: { topic } },
  );
}
