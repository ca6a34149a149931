import type { Owners, Subscription, TopicSet } from '../../membership/assignment.ts';
import { type Warmth, warmMembers } from '../../membership/warm-places.ts';

/** For each set the members that keep a copy of each partition's state. */
export type Standbys = ReadonlyMap<string, readonly (readonly string[])[]>;

/**
 * A member's name is INSTANCE.MEMBER, and INSTANCE_NUMBER.MEMBER of a thread. The members of one instance share a machine: one copy is all that they
 * can have.
 */
export function instanceOf(member: string): string {
  return /^[^._]*/.exec(member)![0];
}

/**
 * Names for each owned partition `replicas` members, or as many as there are, of instances that differ from the owner's and each other's. First those that have its state at hand, up
 * to an even share, those before all that are standbys already; then the least loaded, spread over the owners, so that the partitions of one that dies go to several. A function of its arguments alone.
 */
export function assignStandbys(
  sets: readonly TopicSet[],
  subscriptions: readonly Subscription[],
  owners: Owners,
  warmth: Warmth,
  { replicas, previous }: { readonly replicas: number; readonly previous: Standbys },
): Standbys {
  const totals = new Map(subscriptions.map(({ member }) => [member, 0]));
  return new Map(
    sets.map((set) => {
      const members = subscriptions.filter(({ setIds }) => setIds.has(set.id)).map(({ member }) => member);
      const placed = new StandbysOfSet(members, owners.get(set.id) ?? [], replicas, totals);
      const before = (partition: number) => previous.get(set.id)?.[partition] ?? [];
      placed.placeUpToShare((partition) => [before(partition)]);
      placed.placeUpToShare((partition) => {
        const { caughtUp, all } = warmMembers(warmth(set.id, partition));
        return [caughtUp, all.filter((member) => !caughtUp.includes(member))];
      });
      placed.placeRest(before);
      return [set.id, placed.standbys];
    }),
  );
}

class StandbysOfSet {
  readonly standbys: readonly string[][];
  readonly #members: ReadonlySet<string>;
  readonly #owners: readonly (string | null)[];
  readonly #replicas: number;
  /** Copies of each member over all sets. */
  readonly #totals: Map<string, number>;
  /** Copies in this set of each instance, and of each instance for each owner. */
  readonly #loads = new Map<string, number>();
  /** An even share of the copies for each instance, rounded up. */
  readonly #share: number;

  constructor(
    members: readonly string[],
    owners: readonly (string | null)[],
    replicas: number,
    totals: Map<string, number>,
  ) {
    this.#members = new Set(members);
    this.#owners = owners;
    this.#totals = totals;
    const instances = new Set(members.map(instanceOf)).size;
    this.#replicas = Math.max(0, Math.min(replicas, instances - 1));
    this.#share = Math.ceil((owners.length * this.#replicas) / Math.max(1, instances));
    this.standbys = owners.map(() => []);
  }

  /** @param ranks of a partition: members of an earlier one come first, within one the least loaded. */
  placeUpToShare(ranks: (partition: number) => readonly (readonly string[])[]): void {
    for (const partition of this.#owners.keys()) {
      for (const rank of ranks(partition)) {
        for (const member of this.#leastLoaded(partition, rank)) {
          if (this.#load(instanceOf(member)) < this.#share) this.#place(partition, member);
        }
      }
    }
  }

  /** What a share left out stays where it is all the same, unless that evens out something. */
  placeRest(before: (partition: number) => readonly string[]): void {
    for (const partition of this.#owners.keys()) {
      const order = this.#leastLoaded(partition, [...this.#members], new Set(before(partition)));
      for (const member of order) this.#place(partition, member);
    }
  }

  #place(partition: number, member: string): void {
    const owner = this.#owners[partition];
    const standbys = this.standbys[partition]!;
    const instance = instanceOf(member);
    if (owner == null || standbys.length >= this.#replicas || !this.#members.has(member)) return;
    if ([owner, ...standbys].some((other) => instanceOf(other) === instance)) return;
    standbys.push(member);
    this.#totals.set(member, this.#totals.get(member)! + 1);
    for (const key of [instance, `${instance}\n${owner}`]) this.#loads.set(key, this.#load(key) + 1);
  }

  /** Those with an `advantage` count as if they had one copy less. */
  #leastLoaded(
    partition: number,
    members: readonly string[],
    advantage: ReadonlySet<string> = new Set(),
  ): readonly string[] {
    const owner = this.#owners[partition];
    const keyOf = (member: string) => {
      const instance = instanceOf(member);
      return [
        this.#load(instance) - (advantage.has(member) ? 1 : 0),
        this.#load(`${instance}\n${owner}`),
        this.#totals.get(member) ?? 0,
      ];
    };
    const keyed = members.map((member) => ({ member, key: keyOf(member) }));
    keyed.sort((a, b) => {
      const differing = a.key.findIndex((load, i) => load !== b.key[i]);
      return differing < 0 ? (a.member < b.member ? -1 : 1) : a.key[differing]! - b.key[differing]!;
    });
    return keyed.map(({ member }) => member);
  }

  #load(key: string): number {
    return this.#loads.get(key) ?? 0;
  }
}
