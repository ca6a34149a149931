import { HeadraceError } from '../../errors.ts';
import type { Environment } from '../../storage/environment.ts';
import type { TopicConfig } from '../log.ts';
import { checkSameTopic, checkTopicConfig } from '../topic-rules.ts';
import type { LogTables } from './log-tables.ts';
import { decodePartitionRow, EMPTY_PARTITION, encodePartitionRow, PartitionLog } from './partition-log.ts';

interface TopicRow {
  readonly config: TopicConfig;
  readonly firstPartitionId: number;
}

export interface Topic {
  readonly config: TopicConfig;
  readonly partitions: readonly PartitionLog[];
}

/** All topics and their partitions, in memory as they are on disk. */
export class TopicCatalog {
  readonly #environment: Environment;
  readonly #tables: LogTables;
  readonly #topics = new Map<string, Topic>();
  readonly #partitionOf = new Map<number, PartitionLog>();
  #nextTopicId = 0;
  #nextPartitionId = 0;

  constructor(environment: Environment, tables: LogTables) {
    this.#environment = environment;
    this.#tables = tables;
    tables.topics.forEach({}, (id, value) => {
      this.#add(id, JSON.parse(Buffer.from(value).toString('utf8')) as TopicRow);
      return true;
    });
    for (const partition of this.#partitionOf.values()) {
      const row = tables.partitions.get(partition.id);
      if (row !== undefined) partition.row = decodePartitionRow(row);
    }
  }

  all(): readonly Topic[] {
    return [...this.#topics.values()];
  }

  /** Throws TOPIC_UNKNOWN. */
  topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined)
      throw new HeadraceError('TOPIC_UNKNOWN', `There is no topic ${name}`, { where: { topic: name } });
    return topic;
  }

  /** Throws TOPIC_UNKNOWN, PARTITION_UNKNOWN. */
  partition(name: string, partition: number): PartitionLog {
    const { partitions } = this.topic(name);
    const found = partitions[partition];
    if (found !== undefined) return found;
    throw new HeadraceError(
      'PARTITION_UNKNOWN',
      `Topic ${name} has partitions 0 to ${partitions.length - 1}, not ${partition}`,
      {
        where: { topic: name, partition },
      },
    );
  }

  partitionById(id: number): PartitionLog | undefined {
    return this.#partitionOf.get(id);
  }

  /** Creates those that are missing in one commit. Throws TOPIC_INVALID, TOPIC_MISMATCH. */
  create(configs: readonly TopicConfig[]): void {
    const missing = new Map<string, TopicConfig>();
    for (const config of configs) {
      checkTopicConfig(config);
      const existing = this.#topics.get(config.name)?.config ?? missing.get(config.name);
      if (existing !== undefined) checkSameTopic(existing, config);
      else missing.set(config.name, config);
    }
    if (missing.size === 0) return;
    const rows: [id: number, row: TopicRow][] = [];
    let topicId = this.#nextTopicId;
    let partitionId = this.#nextPartitionId;
    for (const { name, partitions, cleanup, retentionMs, retentionBytes } of missing.values()) {
      const config = { name, partitions, cleanup, retentionMs, retentionBytes };
      rows.push([topicId++, { config, firstPartitionId: partitionId }]);
      partitionId += partitions;
    }
    this.#environment.transaction(() => {
      for (const [id, row] of rows) {
        this.#tables.topics.put(id, Buffer.from(JSON.stringify(row), 'utf8'));
        for (let p = 0; p < row.config.partitions; p++) {
          this.#tables.partitions.put(row.firstPartitionId + p, encodePartitionRow(EMPTY_PARTITION));
        }
      }
    });
    for (const [id, row] of rows) this.#add(id, row);
  }

  #add(id: number, { config, firstPartitionId }: TopicRow): void {
    const partitions = Array.from({ length: config.partitions }, (_, partition) => {
      return new PartitionLog(firstPartitionId + partition, Object.freeze(config), partition, EMPTY_PARTITION);
    });
    this.#topics.set(config.name, { config, partitions });
    for (const partition of partitions) this.#partitionOf.set(partition.id, partition);
    this.#nextTopicId = Math.max(this.#nextTopicId, id + 1);
    this.#nextPartitionId = Math.max(this.#nextPartitionId, firstPartitionId + config.partitions);
  }
}
