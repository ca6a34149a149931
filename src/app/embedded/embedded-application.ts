import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { EmbeddedLog } from '../../log/embedded/embedded-log.ts';
import type { Log, TopicConfig } from '../../log/log.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { Headers, RecordPosition } from '../../log/record.ts';
import type { OnCommitStep } from '../../runtime/commit.ts';
import type { ErrorPolicy } from '../../runtime/error-handlers.ts';
import { createInternalTopics } from '../../runtime/internal-topics.ts';
import {
  type OpenStoreOptions,
  openStore,
  type QueriedApplication,
  type QueriedKind,
  type StoreQueries,
} from '../../runtime/queries/open-store.ts';
import { Worker } from '../../runtime/worker.ts';
import type { WorkerMetrics } from '../../runtime/worker-options.ts';
import type { Serde } from '../../serde/serde.ts';
import { openDataDirectory } from '../../storage/data-directory.ts';
import type { Topology } from '../../streams/topology/topology.ts';
import { EmbeddedTopic } from './embedded-topic.ts';

export interface EmbeddedApplicationOptions extends ErrorPolicy {
  /** Where log and state are kept; created when it is missing. One process at a time may have it open. */
  readonly directory: string;
  /** Names the group, the state and the internal topics: under another name everything is read from the beginning again. */
  readonly application: string;
  readonly topology: Topology;
  /** Topics to be created where they are missing. Those that the topology reads or writes need not stand here. */
  readonly topics?: readonly EmbeddedTopicOptions[];
  /** Partitions of topics that are missing and that `topics` does not name (1). Those that exist keep theirs. */
  readonly partitions?: number;
  /** Names this process within the application (`worker-0`). */
  readonly member?: string;
  /** Results are committed so often, at the latest (100). */
  readonly commitIntervalMs?: number;
  /** How long an append waits for others that share its sync, at most (5). */
  readonly appendLingerMs?: number;
  /** When the sources have been silent for so long, stream time goes on with the clock; without it, with records only. */
  readonly idleAfterMs?: number;
  /** Goes on with a topology that loses state of the one before it, which is otherwise refused (TOPOLOGY_CHANGED). */
  readonly allowTopologyChange?: boolean;
  /** Told of each aborted commit, after which the worker goes on, and of the error that ended it if one did. */
  readonly onFault?: (error: unknown) => void;
  /** Masks text that must not get into dead letters. */
  readonly redact?: (text: string) => string;
  /** Milliseconds since 1970 (`Date.now`). */
  readonly clock?: Clock;
  /** Called at each step of a commit, so that a test may end the process there. */
  readonly onStep?: OnCommitStep;
}

/** A topic to be created where it is missing. */
export interface EmbeddedTopicOptions {
  readonly name: string;
  readonly partitions: number;
  /** `compact` keeps the last record of each key (`delete`). */
  readonly cleanup?: 'delete' | 'compact';
  /** How long records are kept after intake; -1, the default, for ever. */
  readonly retentionMs?: number;
}

/** A record in bytes; {@link EmbeddedTopic} makes them of values. */
export interface EmbeddedRecord {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Milliseconds since 1970; without it the clock's. */
  readonly timestamp?: number;
  readonly headers?: Headers;
  /** Without it the key's (murmur2, as Kafka's clients do); a null key goes to partition 0. */
  readonly partition?: number;
}

/**
 * Runs a topology in this process, over a log and state in a directory: exactly once, through crashes.
 *
 * ```ts
 * const application = await EmbeddedApplication.open({ directory: './word-count', application: 'word-count', topology });
 * const words = application.topic('words', { key: stringSerde, value: stringSerde });
 * await words.append([{ key: null, value: 'to' }, { key: null, value: 'be' }]); // on disk
 * await application.idle(); // processed, and the results committed
 * const counts = await application.topic('word-counts', { key: stringSerde, value: countSerde }).read();
 * await application.close();
 * ```
 */
export class EmbeddedApplication {
  readonly #log: Log;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  readonly #ended: Promise<void>;
  readonly #partitions = new Map<string, number>();
  readonly #queried: QueriedApplication;
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: EmbeddedApplicationOptions, log: Log, topics: readonly TopicConfig[]) {
    const { application, topology, member, commitIntervalMs, idleAfterMs, redact, onStep } = options;
    const { allowTopologyChange = false } = options;
    const { clock = Date.now, onFault = (error) => process.emitWarning(error as Error) } = options;
    this.#log = log;
    this.#clock = clock;
    this.#onFault = onFault;
    for (const { name, partitions } of topics) this.#partitions.set(name, partitions);
    const partitionsOf = (topic: string) => this.#partitions.get(topic);
    this.#queried = { plan: topology.plan, log, application, member, partitionsOf };
    this.#worker = new Worker({
      log,
      topology,
      application,
      clock,
      onFault,
      allowTopologyChange,
      errorHandlers: options.errorHandlers,
      onSkipped: options.onSkipped,
      parkKeys: options.parkKeys,
      ...(member === undefined ? {} : { member }),
      ...(commitIntervalMs === undefined ? {} : { commitIntervalMs }),
      ...(idleAfterMs === undefined ? {} : { idleAfterMs }),
      ...(redact === undefined ? {} : { redact }),
      ...(onStep === undefined ? {} : { onStep }),
    });
    this.#ended = this.#worker.run().catch((error: unknown) => {
      this.#failure = { error };
      this.#onFault(error);
    });
  }

  /**
   * Opens the directory, creates what topics are missing, and starts working. Throws DATA_DIRECTORY_IN_USE and its kin,
   * TOPIC_MISMATCH where a topic named in `topics` exists with another number of partitions or cleanup, TOPOLOGY_INVALID
   * where topics that are joined differ in theirs.
   */
  static async open(options: EmbeddedApplicationOptions): Promise<EmbeddedApplication> {
    const { application, topology, clock = Date.now, appendLingerMs, idleAfterMs } = options;
    if (!/^[\w.-]+$/.test(application)) {
      throw new HeadraceError(
        'USAGE',
        `The application's name is a part of topic names: give one of letters, digits, '.', '_' and '-', not '${application}'`,
      );
    }
    const directory = openDataDirectory(options.directory, { clock });
    let log: EmbeddedLog | undefined;
    try {
      log = new EmbeddedLog({ directory, clock, ...(appendLingerMs === undefined ? {} : { appendLingerMs }) });
      await log.createTopics(missingTopics(options, await log.topics()));
      // The worker does so too; what is wrong with the topics is to be thrown here.
      await createInternalTopics(log, topology.plan, application, idleAfterMs !== undefined);
      return new EmbeddedApplication(options, log, await log.topics());
    } catch (error) {
      await (log ?? directory).close();
      throw error;
    }
  }

  /** A topic as values; its serdes should be those of the topology. Throws TOPIC_UNKNOWN. */
  topic<K, V>(name: string, serdes: { readonly key: Serde<K>; readonly value: Serde<V> }): EmbeddedTopic<K, V> {
    this.#partitionsOf(name);
    return new EmbeddedTopic(name, serdes, this.#log, (records) => this.append(records));
  }

  /**
   * A view of a store as it is committed: of tables and aggregates, of windows and sessions, of versioned and global tables, and of
   * what a `process` keeps. Each query is synchronous and sees the state after one commit.
   *
   * ```ts
   * const counts = application.store('counts', { kind: 'table', key: stringSerde, value: countSerde });
   * counts.get('be'); // { key: 'be', value: 2, timestamp: 1767225600000 }
   * ```
   *
   * Throws STORE_UNKNOWN, naming the stores that there are; the queries throw LOG_CLOSED after {@link close}.
   */
  store<K = unknown, V = unknown, Kind extends QueriedKind = QueriedKind>(
    name: string,
    options: OpenStoreOptions<K, V, Kind> = {},
  ): StoreQueries<K, V, Kind> {
    this.#requireWorking();
    return openStore(this.#queried, name, options);
  }

  /**
   * Resolves with the records' positions when they are on disk: all of them, or none. Throws TOPIC_UNKNOWN,
   * PARTITION_UNKNOWN, RECORD_TOO_LARGE; LOG_BACKPRESSURE, retriable, when too much waits for the disk already.
   */
  async append(records: readonly EmbeddedRecord[]): Promise<readonly RecordPosition[]> {
    this.#requireWorking();
    return this.#log.append(
      records.map(({ topic, key, value, timestamp = this.#clock(), headers, partition }) => ({
        topic,
        partition: partition ?? partitionFor(key, this.#partitionsOf(topic)),
        timestamp,
        key,
        value,
        ...(headers === undefined ? {} : { headers }),
      })),
    );
  }

  /** Resolves when everything appended before is processed and its results are committed. */
  async idle(): Promise<void> {
    this.#requireWorking();
    await this.#worker.idle();
    this.#requireWorking();
  }

  /** Counted since the application was opened. */
  metrics(): WorkerMetrics {
    this.#requireWorking();
    return this.#worker.metrics();
  }

  /** Ends after the records at hand are processed and committed, and gives the directory up. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#worker.stop();
    await this.#ended;
    await this.#log.close();
  }

  #requireWorking(): void {
    if (this.#closing !== undefined) throw new HeadraceError('NOT_RUNNING', 'The application is closed: open it again');
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #partitionsOf(topic: string): number {
    const partitions = this.#partitions.get(topic);
    if (partitions !== undefined) return partitions;
    throw new HeadraceError(
      'TOPIC_UNKNOWN',
      `There is no topic ${topic}: the topology neither reads nor writes it; give it in topics when opening`,
    );
  }
}

/** Those of `topics`, where they differ they are refused by the log, and those of the topology that do not exist. */
function missingTopics(
  { topology, topics = [], partitions = 1 }: EmbeddedApplicationOptions,
  existing: readonly TopicConfig[],
): readonly TopicConfig[] {
  const configs = topics.map(({ name, partitions, cleanup = 'delete', retentionMs = -1 }) => ({
    name,
    partitions,
    cleanup,
    retentionMs,
    retentionBytes: -1,
  }));
  const known = new Set([...existing, ...topics].map(({ name }) => name));
  for (const name of topicsOf(topology)) {
    if (known.has(name)) continue;
    known.add(name);
    configs.push({ name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 });
  }
  return configs;
}

function topicsOf({ plan }: Topology): readonly string[] {
  return [...plan.subTopologies, ...plan.globalTables].flatMap(({ sources, nodes }) =>
    [...sources, ...nodes.filter((node) => node.kind === 'sink')].flatMap(({ topic }) =>
      topic.isInternal ? [] : [topic.name],
    ),
  );
}
