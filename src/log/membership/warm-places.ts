/**
 * How far members have the state of a partition of a set at hand: offsets by member, the greater the nearer to the end. Who has nothing is
 * not in it.
 */
export type Warmth = (setId: string, partition: number) => ReadonlyMap<string, number>;

/** Nobody has anything at hand. */
export const nothingWarm: Warmth = () => new Map();

/** Who is up to so many records behind the furthest counts as caught up (KIP-441's `acceptable.recovery.lag`). */
export const ACCEPTABLE_LAG_RECORDS = 10_000;

/** The members that are caught up, and all that have anything; the furthest first, of equals the first by name. */
export function warmMembers(offsets: ReadonlyMap<string, number>): {
  readonly caughtUp: readonly string[];
  readonly all: readonly string[];
} {
  const order = [...offsets].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1));
  const furthest = order[0]?.[1] ?? 0;
  const caughtUp = order.filter(([, offset]) => furthest - offset <= ACCEPTABLE_LAG_RECORDS);
  return { caughtUp: caughtUp.map(([member]) => member), all: order.map(([member]) => member) };
}

/**
 * Places as many partitions as possible with one of their candidates, none beyond its room (a matching, by augmenting paths): one by one, the first partition would
 * take the place that only the second one could use. Earlier candidates are preferred where that costs nothing.
 */
export function placeWarm(
  partitions: readonly number[],
  room: ReadonlyMap<string, number>,
  candidatesOf: (partition: number) => readonly string[],
): ReadonlyMap<number, string> {
  const placed = new Map<string, number[]>([...room.keys()].map((member) => [member, []]));
  const place = (partition: number, asked: Set<string>): boolean => {
    for (const member of candidatesOf(partition)) {
      const here = placed.get(member);
      if (here === undefined || asked.has(member)) continue;
      asked.add(member);
      if (here.length < room.get(member)!) {
        here.push(partition);
        return true;
      }
      const moved = here.findIndex((other) => place(other, asked));
      if (moved < 0) continue;
      here[moved] = partition;
      return true;
    }
    return false;
  };
  for (const partition of partitions) place(partition, new Set());
  return new Map([...placed].flatMap(([member, here]) => here.map((partition) => [partition, member] as const)));
}
