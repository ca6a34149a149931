import type { Environment } from '../../storage/environment.ts';
import type { GroupOffset } from '../log.ts';
import { Group } from '../membership/group.ts';
import type { LogTables } from './log-tables.ts';
import type { PartitionLog } from './partition-log.ts';
import type { TopicCatalog } from './topic-catalog.ts';

/** A group as the log keeps it: its number, its committed offsets by partition number, and its members. */
export interface KnownGroup {
  readonly id: number;
  readonly name: string;
  readonly offsets: Map<number, number>;
  readonly members: Group;
}

/** All groups that ever joined or committed. */
export class GroupCatalog {
  readonly #environment: Environment;
  readonly #tables: LogTables;
  readonly #topics: TopicCatalog;
  readonly #groups = new Map<string, KnownGroup>();
  #nextId = 0;

  constructor(environment: Environment, tables: LogTables, topics: TopicCatalog) {
    this.#environment = environment;
    this.#tables = tables;
    this.#topics = topics;
    const byId = new Map<number, KnownGroup>();
    tables.groups.forEach({}, (id, value) => {
      byId.set(id, this.#add(id, JSON.parse(Buffer.from(value).toString('utf8')) as string));
      return true;
    });
    tables.offsets.forEach({}, ({ groupId, partitionId }, value) => {
      byId.get(groupId)?.offsets.set(partitionId, decodeOffset(value));
      return true;
    });
  }

  names(): readonly string[] {
    return [...this.#groups.keys()].sort();
  }

  all(): Iterable<KnownGroup> {
    return this.#groups.values();
  }

  get(name: string): KnownGroup | undefined {
    return this.#groups.get(name);
  }

  /** The group, made durable where it is new. */
  ensure(name: string): KnownGroup {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const id = this.#nextId;
    this.#environment.transaction(() => this.#tables.groups.put(id, Buffer.from(JSON.stringify(name), 'utf8')));
    return this.#add(id, name);
  }

  committed(name: string): readonly GroupOffset[] {
    const offsets: GroupOffset[] = [];
    for (const [partitionId, offset] of this.#groups.get(name)?.offsets ?? []) {
      const partition = this.#topics.partitionById(partitionId);
      if (partition !== undefined) offsets.push({ topic: partition.topic, partition: partition.partition, offset });
    }
    return offsets.sort((left, right) =>
      left.topic === right.topic ? left.partition - right.partition : left.topic < right.topic ? -1 : 1,
    );
  }

  /**
   * Below this offset nobody needs the partition: the smallest committed offset of all groups that ever committed on
   * the topic or have a member that reads it. One that has not committed on this partition still needs all of it.
   */
  neededFrom(partition: PartitionLog): number {
    let needed = partition.row.end;
    const { partitions } = this.#topics.topic(partition.topic);
    for (const group of this.#groups.values()) {
      const isReader =
        partitions.some(({ id }) => group.offsets.has(id)) || group.members.subscribesTo(partition.topic);
      if (isReader) needed = Math.min(needed, group.offsets.get(partition.id) ?? partition.row.start);
    }
    return needed;
  }

  #add(id: number, name: string): KnownGroup {
    const group: KnownGroup = { id, name, offsets: new Map(), members: new Group(name) };
    this.#groups.set(name, group);
    this.#nextId = Math.max(this.#nextId, id + 1);
    return group;
  }
}

export function encodeOffset(offset: number): Uint8Array {
  return new Uint8Array(Float64Array.of(offset).buffer);
}

function decodeOffset(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true);
}
