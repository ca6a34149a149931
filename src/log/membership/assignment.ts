import { nothingWarm, placeWarm, type Warmth, warmMembers } from './warm-places.ts';

/** Topics of which partition p always goes to one member together. */
export interface TopicSet {
  /** The topics in order, joined: tells two sets apart. */
  readonly id: string;
  readonly topics: readonly string[];
  readonly partitions: number;
}

export interface Subscription {
  readonly member: string;
  readonly setIds: ReadonlySet<string>;
}

/** For each set the member that owns each partition, null where nobody does. */
export type Owners = ReadonlyMap<string, readonly (string | null)[]>;

/**
 * Spreads every set evenly (counts differ by one at most) over the members that subscribe to it, and moves as few
 * partitions as that allows. Where a set does not divide evenly, those that hold the least so far get one more. What has to move goes to
 * members that have its state at hand, as far as the even share allows. A function of its arguments alone.
 */
export function assignPartitions(
  sets: readonly TopicSet[],
  subscriptions: readonly Subscription[],
  previous: Owners,
  warmth: Warmth = nothingWarm,
): Owners {
  const owners = new Map<string, readonly (string | null)[]>();
  const totals = new Map(subscriptions.map(({ member }) => [member, 0]));
  for (const set of sets) {
    const members = subscriptions.filter(({ setIds }) => setIds.has(set.id)).map(({ member }) => member);
    const warm = (partition: number) => warmMembers(warmth(set.id, partition));
    const assigned = assignSet(set, members, previous.get(set.id) ?? [], totals, warm);
    owners.set(set.id, assigned);
    for (const member of assigned) if (member !== null) totals.set(member, totals.get(member)! + 1);
  }
  return owners;
}

type WarmMembers = (partition: number) => ReturnType<typeof warmMembers>;

function assignSet(
  set: TopicSet,
  members: readonly string[],
  previous: readonly (string | null)[],
  totals: ReadonlyMap<string, number>,
  warm: WarmMembers,
): readonly (string | null)[] {
  const assigned: (string | null)[] = new Array(set.partitions).fill(null);
  if (members.length === 0) return assigned;
  const heldBy = new Map<string, number[]>(members.map((member) => [member, []]));
  const free: number[] = [];
  for (let partition = 0; partition < set.partitions; partition++) {
    const owner = previous[partition];
    const held = owner == null ? undefined : heldBy.get(owner);
    if (held === undefined) free.push(partition);
    else held.push(partition);
  }
  const quotas = quotasOf(set.partitions, members, heldBy, totals, warmCounts(free, warm));
  const room = new Map(
    members.map((member) => [member, Math.max(0, quotas.get(member)! - heldBy.get(member)!.length)]),
  );
  const give = (partition: number, member: string) => {
    assigned[partition] = member;
    room.set(member, room.get(member)! - 1);
  };
  const giveWarm = (partitions: readonly number[], candidatesOf: (partition: number) => readonly string[]) => {
    const left = partitions.filter((partition) => assigned[partition] === null);
    for (const [partition, member] of placeWarm(left, room, candidatesOf)) give(partition, member);
  };
  giveWarm(free, (partition) => warm(partition).caughtUp);
  giveWarm(free, (partition) => warm(partition).all);
  for (const [member, held] of heldBy) {
    // Who has too much gives up first what another has at hand, then the last ones.
    const given: number[] = [];
    const surplus = () => held.length - given.length - quotas.get(member)!;
    for (const partition of held) {
      const taker = warm(partition).caughtUp.find((each) => (room.get(each) ?? 0) > 0);
      if (surplus() <= 0 || taker === undefined || taker === member) continue;
      give(partition, taker);
      given.push(partition);
    }
    const kept = held.filter((partition) => !given.includes(partition));
    for (const partition of kept.splice(quotas.get(member)!)) free.push(partition);
    for (const partition of kept) assigned[partition] = member;
  }
  const takers = members.filter((member) => room.get(member)! > 0);
  for (const partition of free.filter((each) => assigned[each] === null).sort((a, b) => a - b)) {
    const taker = takers.shift()!;
    give(partition, taker);
    if (room.get(taker)! > 0) takers.push(taker);
  }
  return assigned;
}

/** How many of the partitions each member has at hand. */
function warmCounts(partitions: readonly number[], warm: WarmMembers): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const partition of partitions) {
    for (const member of warm(partition).caughtUp) counts.set(member, (counts.get(member) ?? 0) + 1);
  }
  return counts;
}

/** How many partitions each may hold: the odd ones stay with those who hold them already. */
function quotasOf(
  partitions: number,
  members: readonly string[],
  heldBy: ReadonlyMap<string, readonly number[]>,
  totals: ReadonlyMap<string, number>,
  warm: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const even = Math.floor(partitions / members.length);
  const odd = partitions % members.length;
  const keeps = (member: string) => (heldBy.get(member)!.length > even ? 0 : 1);
  const warmOf = (member: string) => warm.get(member) ?? 0;
  const order = [...members].sort(
    (left, right) =>
      keeps(left) - keeps(right) ||
      totals.get(left)! - totals.get(right)! ||
      warmOf(right) - warmOf(left) ||
      (left < right ? -1 : 1),
  );
  return new Map(order.map((member, i) => [member, even + (i < odd ? 1 : 0)]));
}
