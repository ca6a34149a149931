import type { Emitted } from './scenario.ts';

/** What differs for each topic and key: the sequences of values and timestamps must be equal. Empty where all are. */
export function differences(expected: readonly Emitted[], actual: readonly Emitted[]): readonly string[] {
  const [due, is] = [byKey(expected), byKey(actual)];
  const names = [...new Set([...due.keys(), ...is.keys()])].sort();
  return names.flatMap((name) => {
    const [one, two] = [due.get(name) ?? [], is.get(name) ?? []];
    const at = one.findIndex((each, index) => each !== two[index]);
    if (at < 0 && one.length === two.length) return [];
    const first = at < 0 ? one.length : at;
    return [`${name}: record ${first} is ${two[first] ?? 'none'}, Kafka Streams has ${one[first] ?? 'none'}`];
  });
}

function byKey(records: readonly Emitted[]): ReadonlyMap<string, readonly string[]> {
  const sequences = new Map<string, string[]>();
  for (const { topic, key, value, ts } of records) {
    const name = `${topic} ${key}`;
    const sequence = sequences.get(name);
    if (sequence === undefined) sequences.set(name, [`${value} at ${ts}`]);
    else sequence.push(`${value} at ${ts}`);
  }
  return sequences;
}
