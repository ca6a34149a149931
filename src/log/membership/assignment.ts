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
 * partitions as that allows. Where a set does not divide evenly, those that hold the least so far get one more. A
 * function of its arguments alone.
 */
export function assignPartitions(
  sets: readonly TopicSet[],
  subscriptions: readonly Subscription[],
  previous: Owners,
): Owners {
  const owners = new Map<string, readonly (string | null)[]>();
  const totals = new Map(subscriptions.map(({ member }) => [member, 0]));
  for (const set of sets) {
    const members = subscriptions.filter(({ setIds }) => setIds.has(set.id)).map(({ member }) => member);
    const assigned = assignSet(set, members, previous.get(set.id) ?? [], totals);
    owners.set(set.id, assigned);
    for (const member of assigned) if (member !== null) totals.set(member, totals.get(member)! + 1);
  }
  return owners;
}

function assignSet(
  set: TopicSet,
  members: readonly string[],
  previous: readonly (string | null)[],
  totals: ReadonlyMap<string, number>,
): readonly (string | null)[] {
  const assigned: (string | null)[] = new Array(set.partitions).fill(null);
  if (members.length === 0) return assigned;
  const held = new Map<string, number>(members.map((member) => [member, 0]));
  for (let partition = 0; partition < set.partitions; partition++) {
    const owner = previous[partition];
    if (owner != null && held.has(owner)) held.set(owner, held.get(owner)! + 1);
  }
  const quotas = quotasOf(set.partitions, members, held, totals);
  const free: number[] = [];
  for (let partition = 0; partition < set.partitions; partition++) {
    const owner = previous[partition];
    const quota = owner == null ? undefined : quotas.get(owner);
    if (owner == null || quota === undefined || quota === 0) {
      free.push(partition);
    } else {
      assigned[partition] = owner;
      quotas.set(owner, quota - 1);
    }
  }
  const takers = members.filter((member) => quotas.get(member)! > 0);
  for (const partition of free) {
    const taker = takers[0]!;
    assigned[partition] = taker;
    quotas.set(taker, quotas.get(taker)! - 1);
    takers.shift();
    if (quotas.get(taker)! > 0) takers.push(taker);
  }
  return assigned;
}

/** How many partitions each may hold: the odd ones stay with those who hold them already. */
function quotasOf(
  partitions: number,
  members: readonly string[],
  held: ReadonlyMap<string, number>,
  totals: ReadonlyMap<string, number>,
): Map<string, number> {
  const even = Math.floor(partitions / members.length);
  const odd = partitions % members.length;
  const order = [...members].sort((left, right) => {
    const keepsLeft = held.get(left)! > even ? 0 : 1;
    const keepsRight = held.get(right)! > even ? 0 : 1;
    return keepsLeft - keepsRight || totals.get(left)! - totals.get(right)! || (left < right ? -1 : 1);
  });
  return new Map(order.map((member, i) => [member, even + (i < odd ? 1 : 0)]));
}
