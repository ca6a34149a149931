import { HeadraceError } from '../../../errors.ts';
import type { TopicConfig } from '../../log.ts';
import { checkSameTopic, checkTopicConfig } from '../../topic-rules.ts';
import { errorCodes, errorName, isTransient } from '../protocol/errors.ts';
import { createTopics, type NewTopic } from '../protocol/requests/create-topics.ts';
import { describeConfigs } from '../protocol/requests/describe-configs.ts';
import { type Cluster, isRefusal } from './cluster.ts';
import { KEPT_CONFIG, KeptTopics } from './kept-topics.ts';
import { Again, retried } from './retries.ts';

/** What topics of ours take: a record of 16 MiB with all that a dead letter adds, in a batch of its own. */
export const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;
/** What a batch of one record has around it (61 bytes), and by what its lengths may be longer in Kafka's writing than in ours. */
const BATCH_BYTES_AROUND = 96;
/** A topic's limit where the brokers do not tell one. */
const MESSAGE_BYTES_DEFAULT = 1_048_588;

const CREATE_TIMEOUT_MS = 30_000;
const FOREVER = '-1';
/** Kafka's greatest time: no timestamp is too far ahead (what is refused, we refuse ourselves, design D7). */
const ANY_TIME = '9223372036854775807';

const KEYS = ['cleanup.policy', 'retention.ms', 'retention.bytes', 'max.message.bytes', 'delete.retention.ms'];

/** What a topic's configuration says of it. */
interface TopicSettings {
  readonly cleanup: 'delete' | 'compact';
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly messageBytesMax: number;
  readonly deleteRetentionMs: number;
}

/** Topics as the port knows them, created and described. */
export class Topics {
  readonly #cluster: Cluster;
  /** The settings of topics once asked for; they can change, but what depends on them is checked by the broker as well. */
  readonly #settings = new Map<string, TopicSettings>();

  readonly #kept: KeptTopics;

  constructor(cluster: Cluster, onFault?: (error: HeadraceError) => void) {
    this.#cluster = cluster;
    this.#kept = new KeptTopics(cluster, onFault);
  }

  /** See Log.createTopics. On Kafka each topic is created for itself; all are checked first. */
  async create(topics: readonly TopicConfig[]): Promise<void> {
    const asked = new Map<string, TopicConfig>();
    for (const topic of topics) {
      checkTopicConfig(topic);
      const before = asked.get(topic.name);
      if (before !== undefined) checkSameTopic(before, topic);
      asked.set(topic.name, topic);
    }
    const names = [...asked.keys()];
    await this.#refreshed(names);
    const existing = await this.described(names.filter((name) => this.#cluster.known(name) !== undefined));
    for (const each of existing) checkSameTopic(each, asked.get(each.name)!);
    const purged = existing.filter(({ name, retentionMs }) => asked.get(name)!.isPurged === true && retentionMs >= 0);
    for (const name of await this.#kept.keep(purged)) this.#settings.delete(name);
    const missing = [...asked.values()].filter(({ name }) => this.#cluster.known(name) === undefined);
    if (missing.length === 0) return;
    await this.#create(missing);
    await this.#cluster.awaitLeaders(
      missing.map(({ name }) => name),
      CREATE_TIMEOUT_MS,
    );
  }

  /** All topics but the brokers' own, by name. */
  async all(): Promise<readonly TopicConfig[]> {
    const names = (await this.#cluster.allTopics()).map(({ name }) => name).sort();
    return this.described(names);
  }

  /** How large a batch of a topic may be, compressed or not. */
  async messageBytesMax(topic: string): Promise<number> {
    return (await this.#settingsOf([topic])).get(topic)?.messageBytesMax ?? MESSAGE_BYTES_DEFAULT;
  }

  /** The same where it was asked for before. */
  knownMessageBytesMax(topic: string): number | undefined {
    return this.#settings.get(topic)?.messageBytesMax;
  }

  /** How long a tombstone stays in a compacted topic for those who read late. */
  async deleteRetentionMs(topic: string): Promise<number> {
    return (await this.#settingsOf([topic])).get(topic)?.deleteRetentionMs ?? Number.POSITIVE_INFINITY;
  }

  async described(names: readonly string[]): Promise<readonly TopicConfig[]> {
    const settings = await this.#settingsOf(names);
    return names.flatMap((name) => {
      const [topic, found] = [this.#cluster.known(name), settings.get(name)];
      if (topic === undefined || found === undefined) return [];
      const { cleanup, retentionMs, retentionBytes, messageBytesMax } = found;
      const limit = messageBytesMax < MESSAGE_BYTES_MAX ? { recordBytesMax: messageBytesMax - BATCH_BYTES_AROUND } : {};
      return [{ name, partitions: topic.leaders.length, cleanup, retentionMs, retentionBytes, ...limit }];
    });
  }

  async #create(topics: readonly TopicConfig[]): Promise<void> {
    const request = { topics: topics.map(newTopic), validateOnly: false, timeoutMs: CREATE_TIMEOUT_MS };
    await this.#retried('to create topics', async () => {
      const answer = await this.#cluster.sendToAny(createTopics(request), CREATE_TIMEOUT_MS);
      const wrong = answer.topics.filter(
        ({ errorCode }) => errorCode !== 0 && errorCode !== errorCodes.TOPIC_ALREADY_EXISTS,
      );
      for (const { name, errorCode, errorMessage } of wrong) {
        if (!isTransient(errorCode)) throw notCreated(name, errorCode, errorMessage);
      }
      return wrong.length > 0 ? new Again(errorName(wrong[0]!.errorCode)) : undefined;
    });
    // One that another created in this moment has to be the same.
    await this.#refreshed(topics.map(({ name }) => name));
  }

  async #settingsOf(names: readonly string[]): Promise<ReadonlyMap<string, TopicSettings>> {
    const missing = names.filter((name) => !this.#settings.has(name));
    if (missing.length > 0) {
      const answer = await this.#retried('to describe topics', async () => {
        const answer = await this.#cluster.sendToAny(describeConfigs({ topics: missing, keys: KEYS }));
        const transient = answer.topics.find(({ errorCode }) => isTransient(errorCode));
        return transient === undefined ? answer : new Again(errorName(transient.errorCode));
      });
      for (const { name, errorCode, errorMessage, config } of answer.topics) {
        if (isRefusal(errorCode)) throw notCreated(name, errorCode, errorMessage);
        if (errorCode === 0) this.#settings.set(name, settingsFrom(config));
      }
    }
    return this.#settings;
  }

  async #refreshed(names: readonly string[]): Promise<void> {
    await this.#retried('to tell of topics', () => this.#cluster.refresh(names));
  }

  #retried<Result>(what: string, ask: () => Promise<Result | Again>): Promise<Result> {
    const { timing } = this.#cluster;
    const until = timing.clock() + CREATE_TIMEOUT_MS;
    const requireOpen = () => this.#cluster.requireOpen();
    return retried(ask, { ...timing, until, what, requireOpen });
  }
}

function newTopic(topic: TopicConfig): NewTopic {
  const { name, partitions, cleanup, retentionMs, retentionBytes, isPurged = false } = topic;
  const config = {
    'cleanup.policy': cleanup,
    // Kafka deletes by record timestamps, which may be decades old here: what is not asked for by name is kept (design D6).
    'retention.ms': retentionMs < 0 ? FOREVER : `${retentionMs}`,
    'retention.bytes': retentionBytes < 0 ? FOREVER : `${retentionBytes}`,
    'max.message.bytes': `${MESSAGE_BYTES_MAX}`,
    'message.timestamp.after.max.ms': ANY_TIME,
    'message.timestamp.before.max.ms': ANY_TIME,
    ...(isPurged ? KEPT_CONFIG : {}),
  };
  return { name, partitions, config };
}

function settingsFrom(config: ReadonlyMap<string, string | null>): TopicSettings {
  const number = (key: string, otherwise: number) => Number(config.get(key) ?? otherwise);
  return {
    cleanup: (config.get('cleanup.policy') ?? 'delete').includes('compact') ? 'compact' : 'delete',
    retentionMs: number('retention.ms', -1),
    retentionBytes: number('retention.bytes', -1),
    messageBytesMax: number('max.message.bytes', MESSAGE_BYTES_DEFAULT),
    deleteRetentionMs: number('delete.retention.ms', Number.POSITIVE_INFINITY),
  };
}

function notCreated(name: string, errorCode: number, message: string | null): HeadraceError {
  const why = message ?? errorName(errorCode);
  if (errorCode === errorCodes.INVALID_TOPIC_EXCEPTION) {
    return new HeadraceError('TOPIC_INVALID', `Topic ${JSON.stringify(name)} is refused: ${why}`, {
      where: { topic: name },
    });
  }
  return new HeadraceError(
    'KAFKA_REFUSED',
    `Kafka refuses to create or describe topic ${name}: ${why} (${errorName(errorCode)})`,
    {
      where: { topic: name },
    },
  );
}
