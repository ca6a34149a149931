import { HeadraceError } from '../../errors.ts';
import type { GroupOffset, StateChanges, TopicConfig } from '../log.ts';
import type { TopicPartition } from '../record.ts';
import { checkSameTopic, checkTopicConfig } from '../topic-rules.ts';
import { SimulatedPartition } from './simulated-partition.ts';

/** What a crash does not take: the "disk" of the simulated log. */
export class SimulatedMemory {
  readonly #topics = new Map<string, readonly SimulatedPartition[]>();
  readonly #offsets = new Map<string, Map<string, GroupOffset>>();
  /** Group, store and partition -> entries. */
  readonly #stores = new Map<string, Map<string, Uint8Array>>();

  configs(): readonly TopicConfig[] {
    return [...this.#topics.values()].map((partitions) => partitions[0]!.config);
  }

  create(configs: readonly TopicConfig[]): void {
    const missing = new Map<string, TopicConfig>();
    for (const config of configs) {
      checkTopicConfig(config);
      const existing = this.#topics.get(config.name)?.[0]?.config ?? missing.get(config.name);
      if (existing !== undefined) checkSameTopic(existing, config);
      else missing.set(config.name, Object.freeze({ ...config }));
    }
    for (const [name, config] of missing) {
      this.#topics.set(
        name,
        Array.from({ length: config.partitions }, (_, partition) => new SimulatedPartition(config, partition)),
      );
    }
  }

  /** Throws TOPIC_UNKNOWN. */
  topic(name: string): readonly SimulatedPartition[] {
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    throw new HeadraceError('TOPIC_UNKNOWN', `There is no topic ${name}`, { where: { topic: name } });
  }

  /** Throws TOPIC_UNKNOWN, PARTITION_UNKNOWN. */
  partition({ topic, partition }: TopicPartition): SimulatedPartition {
    const partitions = this.topic(topic);
    const found = partitions[partition];
    if (found !== undefined) return found;
    throw new HeadraceError(
      'PARTITION_UNKNOWN',
      `Topic ${topic} has partitions 0 to ${partitions.length - 1}, not ${partition}`,
      { where: { topic, partition } },
    );
  }

  partitions(): readonly SimulatedPartition[] {
    return [...this.#topics.values()].flat();
  }

  groups(): readonly string[] {
    return [...this.#offsets.keys()].sort();
  }

  offsetsOf(group: string): ReadonlyMap<string, GroupOffset> {
    return this.#offsets.get(group) ?? new Map();
  }

  committed(group: string): readonly GroupOffset[] {
    return [...this.offsetsOf(group).values()].sort((left, right) =>
      left.topic === right.topic ? left.partition - right.partition : left.topic < right.topic ? -1 : 1,
    );
  }

  committedOffset(group: string, partition: TopicPartition): number | undefined {
    return this.#offsets.get(group)?.get(placeOf(partition))?.offset;
  }

  ensureGroup(group: string): void {
    if (!this.#offsets.has(group)) this.#offsets.set(group, new Map());
  }

  setOffsets(group: string, offsets: readonly GroupOffset[]): void {
    this.ensureGroup(group);
    for (const { topic, partition, offset } of offsets) {
      this.#offsets.get(group)!.set(placeOf({ topic, partition }), { topic, partition, offset });
    }
  }

  changeState(group: string, { store, partition, entries }: StateChanges): void {
    const place = storePlace(group, store, partition);
    const held = this.#stores.get(place) ?? new Map<string, Uint8Array>();
    this.#stores.set(place, held);
    for (const [key, value] of entries) {
      if (value === null) held.delete(key);
      else held.set(key, Uint8Array.from(value));
    }
  }

  dropState(group: string): void {
    for (const place of this.#stores.keys()) {
      if ((JSON.parse(place) as readonly unknown[])[0] === group) this.#stores.delete(place);
    }
  }

  /** The stores of a group that hold anything, each with a partition. */
  storesOf(group: string): readonly { readonly store: string; readonly partition: number }[] {
    return [...this.#stores].flatMap(([place, entries]) => {
      const [owner, store, partition] = JSON.parse(place) as [string, string, number];
      return owner === group && entries.size > 0 ? [{ store, partition }] : [];
    });
  }

  state(group: string, store: string, partition: number): ReadonlyMap<string, Uint8Array> {
    return this.#stores.get(storePlace(group, store, partition)) ?? new Map();
  }
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`;
}

function storePlace(group: string, store: string, partition: number): string {
  return JSON.stringify([group, store, partition]);
}
