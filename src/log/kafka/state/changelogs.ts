import type { ChangelogStores, TopicConfig } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { allGroups } from '../group/groups.ts';
import { witnessStoreOf } from './offset-witness.ts';

const SUFFIX = '-changelog';

/** The changelog of the state that hangs on a source. */
export function changelogOf(group: string, source: string): string {
  return `${group}-${source}${SUFFIX}`;
}

/** Of what belongs to the group as a whole. */
export function groupChangelogOf(group: string): string {
  return `${group}-group${SUFFIX}`;
}

/** Which changelog the changes of a store travel in. */
export class Changelogs {
  readonly #group: string;
  readonly #changelogs: readonly ChangelogStores[];
  readonly #sourceOf = new Map<string, string>();

  constructor(group: string, changelogs: readonly ChangelogStores[]) {
    this.#group = group;
    this.#changelogs = changelogs
      .filter(({ stores }) => stores.length > 0)
      .map(({ source, stores }) => ({ source, stores: [...stores, witnessStoreOf(source)] }));
    for (const { source, stores } of this.#changelogs) for (const store of stores) this.#sourceOf.set(store, source);
  }

  /** One partition: what belongs to the group as a whole. */
  get ofGroup(): TopicPartition {
    return { topic: groupChangelogOf(this.#group), partition: 0 };
  }

  /** The changelogs of sources, with the stores in each. */
  get ofSources(): readonly { readonly topic: string; readonly stores: readonly string[] }[] {
    return this.#changelogs.map(({ source, stores }) => ({ topic: this.#topic(source), stores }));
  }

  /** The sources that have state, each with its changelog's topic. */
  get sources(): readonly { readonly source: string; readonly topic: string }[] {
    return this.#changelogs.map(({ source }) => ({ source, topic: this.#topic(source) }));
  }

  /** The source that a store hangs on; undefined for what belongs to the group. */
  sourceOf(store: string): string | undefined {
    return this.#sourceOf.get(store);
  }

  /** The stores in a changelog: its own in this version, and those of `known` that are other versions' and have no place in this one. */
  storesWith(own: readonly string[], known: Iterable<string>): readonly string[] {
    return [...own, ...[...known].filter((store) => !this.#sourceOf.has(store))];
  }

  /** Where a change of a partition of a store goes. */
  of(store: string, partition: number): TopicPartition {
    const source = this.#sourceOf.get(store);
    return source === undefined ? this.ofGroup : { topic: this.#topic(source), partition };
  }

  /** Where the state of a source's partition comes from, with the stores in it; undefined where nothing hangs on the source. */
  ofSource({
    topic,
    partition,
  }: TopicPartition): (TopicPartition & { readonly stores: readonly string[] }) | undefined {
    const found = this.#changelogs.find(({ source }) => source === topic);
    return found === undefined ? undefined : { topic: this.#topic(topic), partition, stores: found.stores };
  }

  /** The topics, as they have to be. Throws what `partitionsOf` throws. */
  topics(partitionsOf: (source: string) => number): readonly TopicConfig[] {
    const forever = { cleanup: 'compact', retentionMs: -1, retentionBytes: -1 } as const;
    return [
      { name: this.ofGroup.topic, partitions: 1, ...forever },
      ...this.#changelogs.map(({ source }) => ({
        name: this.#topic(source),
        partitions: partitionsOf(source),
        ...forever,
      })),
    ];
  }

  #topic(source: string): string {
    return changelogOf(this.#group, source);
  }
}

/**
 * Every partition of every changelog of a group, as the brokers have them. Names of groups and topics may run into each other
 * ("pay" and "in-x", "pay-in" and "x"): what another group's name explains as well is left to the longer name.
 */
export async function changelogsOf(cluster: Cluster, group: string): Promise<readonly TopicPartition[]> {
  const topics = await cluster.allTopics();
  const names = new Set(['group', ...topics.map(({ name }) => name)]);
  const longer = (await allGroups(cluster)).filter((other) => other.length > group.length);
  const isOf = (owner: string, name: string) =>
    name.startsWith(`${owner}-`) && name.endsWith(SUFFIX) && names.has(name.slice(owner.length + 1, -SUFFIX.length));
  return topics
    .filter(({ name }) => isOf(group, name) && !longer.some((other) => isOf(other, name)))
    .flatMap(({ name, leaders }) => leaders.map((_, partition) => ({ topic: name, partition })));
}
