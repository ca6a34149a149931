/** Beyond so many changed letters a name is another word. */
const DISTANCE_MAX = 3;

/** The known name that a mistyped one means, as "; did you mean NAME?"; else all names, so that one can be chosen. */
export function nearestName(name: string, known: readonly string[]): string {
  const distances = known.map((each) => [distance(name.toLowerCase(), each.toLowerCase()), each] as const);
  const [nearest] = distances.sort(([left], [right]) => left - right);
  const isNear = nearest !== undefined && nearest[0] <= Math.min(DISTANCE_MAX, nearest[1].length - 1);
  return isNear ? `; did you mean ${nearest[1]}?` : `; there are ${known.join(', ')}`;
}

/** Letters to insert, leave out or change (Levenshtein). */
function distance(one: string, other: string): number {
  let before = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = before[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      row.push(Math.min(changed, before[j]! + 1, row[j - 1]! + 1));
    }
    before = row;
  }
  return before[other.length]!;
}
