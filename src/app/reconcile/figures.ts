/**
 * What one source says of the books: a name such as `balance A EUR` or `transactions` to a number as text. Sources are
 * compared name by name, so that a difference says what it is about.
 */
export type Figures = ReadonlyMap<string, string>;

export interface Source {
  readonly name: string;
  readonly figures: Figures;
  /** The families (first word of a name) that this source knows of. */
  readonly families: ReadonlySet<string>;
}

export interface Difference {
  readonly figure: string;
  /** Source name to its value; "none" where it has none. */
  readonly values: Readonly<Record<string, string>>;
}

/** The figures on which sources differ that know of them. */
export function compareFigures(sources: readonly Source[]): readonly Difference[] {
  const names = new Set(sources.flatMap(({ figures }) => [...figures.keys()]));
  const differences: Difference[] = [];
  for (const figure of [...names].sort()) {
    const family = figure.split(' ', 1)[0]!;
    const knowing = sources.filter(({ families }) => families.has(family));
    const values = knowing.map(({ name, figures }) => [name, figures.get(figure) ?? 'none'] as const);
    if (new Set(values.map(([, value]) => value)).size > 1)
      differences.push({ figure, values: Object.fromEntries(values) });
  }
  return differences;
}

/** Adds to a figure. */
export function addTo(figures: Map<string, bigint>, name: string, amount: bigint): void {
  figures.set(name, (figures.get(name) ?? 0n) + amount);
}

const SCALE = 4;

/** Amounts of all currencies on one scale: ten-thousandths, the most decimals that a currency has. */
export function toScaled(amount: string): bigint {
  const [whole = '0', decimals = ''] = amount.split('.');
  const digits = BigInt(whole.replace('-', '') + decimals.padEnd(SCALE, '0'));
  return whole.startsWith('-') ? -digits : digits;
}
