/** What the victims write for each record: how many of its key there were so far, and their sum. */
export interface OutputRow {
  readonly key: string;
  readonly count: number;
  readonly sum: number;
}

export function rowText(count: number, sum: number): string {
  return `${count} ${sum}`;
}

/** Throws for a text that {@link rowText} did not write. */
export function parseRow(key: string, text: string): OutputRow {
  const [count, sum] = text.split(' ').map(Number);
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(sum)) throw new RangeError(`${key}: ${text}`);
  return { key, count: count!, sum: sum! };
}

/** How many groups the keys ("key-17") fall into. */
const GROUPS = 20;

export function groupOf(key: string): string {
  return `group-${Number(key.slice(key.indexOf('-') + 1)) % GROUPS}`;
}

const FINDINGS_MAX = 20;

/**
 * Compares outputs with inputs: of each key the counts must be 1, 2, 3 ... in the order of the log, each with the sum of as many amounts, up
 * to the last. A record counted twice, lost, out of order, or written under a state that is not its own shows.
 */
export class OutputAuditor {
  readonly #amounts: ReadonlyMap<string, readonly number[]>;
  readonly #seen = new Map<string, { count: number; sum: number }>();
  readonly #findings: string[] = [];
  #rows = 0;

  /** @param amounts of each key, in the order in which they were sent. */
  constructor(amounts: ReadonlyMap<string, readonly number[]>) {
    this.#amounts = amounts;
  }

  get rows(): number {
    return this.#rows;
  }

  see({ key, count, sum }: OutputRow): void {
    this.#rows++;
    const before = this.#seen.get(key) ?? { count: 0, sum: 0 };
    const amount = this.#amounts.get(key)?.[before.count];
    if (amount === undefined) {
      this.#find(`${key}: output ${count} has no input`);
      return;
    }
    const expected = { count: before.count + 1, sum: before.sum + amount };
    this.#seen.set(key, expected);
    if (count !== expected.count) this.#find(`${key}: output ${count} where ${expected.count} was to come`);
    else if (sum !== expected.sum) this.#find(`${key}: output ${count} says ${sum}, the inputs ${expected.sum}`);
  }

  /** What was found, once everything was seen. */
  findings(): readonly string[] {
    for (const [key, amounts] of this.#amounts) {
      const seen = this.#seen.get(key)?.count ?? 0;
      if (seen < amounts.length) this.#find(`${key}: ${amounts.length - seen} inputs have no output`);
    }
    return this.#findings.slice(0, FINDINGS_MAX);
  }

  #find(finding: string): void {
    this.#findings.push(finding);
  }
}

/**
 * The same for what passed a repartition topic: of each group the counts must be 1, 2, 3 ... up to as many as its keys have amounts, and the last sum theirs. In which
 * order the keys of a group come there is open.
 */
export class TotalsAuditor {
  readonly #due = new Map<string, { count: number; sum: number }>();
  readonly #seen = new Map<string, { count: number; sum: number }>();
  readonly #findings: string[] = [];

  constructor(amounts: ReadonlyMap<string, readonly number[]>) {
    for (const [key, list] of amounts) {
      const group = groupOf(key);
      const due = this.#due.get(group) ?? { count: 0, sum: 0 };
      this.#due.set(group, { count: due.count + list.length, sum: list.reduce((sum, each) => sum + each, due.sum) });
    }
  }

  see({ key, count, sum }: OutputRow): void {
    const before = this.#seen.get(key) ?? { count: 0, sum: 0 };
    if (count !== before.count + 1) this.#findings.push(`${key}: total ${count} where ${before.count + 1} was to come`);
    if (sum <= before.sum) this.#findings.push(`${key}: total ${count} says ${sum} after ${before.sum}`);
    this.#seen.set(key, { count, sum });
  }

  /** What was found, once everything was seen. */
  findings(): readonly string[] {
    const all = [...this.#findings];
    for (const key of new Set([...this.#due.keys(), ...this.#seen.keys()])) {
      const [due, seen] = [this.#due.get(key), this.#seen.get(key)];
      if (due?.count === seen?.count && due?.sum === seen?.sum) continue;
      all.push(`${key}: ends in ${seen?.count} of ${seen?.sum}, the inputs are ${due?.count} of ${due?.sum}`);
    }
    return all.slice(0, FINDINGS_MAX);
  }
}
