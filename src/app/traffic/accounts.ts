import type { SeededRandom } from '../../random.ts';

/** Accounts of generated transactions, where nothing else is said. */
export const ACCOUNTS = 1_000;

/** How often each home currency is drawn, in hundredths. */
const CURRENCIES = [
  ['EUR', 60],
  ['USD', 15],
  ['GBP', 10],
  ['CZK', 10],
  ['JPY', 5],
] as const;
export type HomeCurrency = (typeof CURRENCIES)[number][0];

export function accountIdOf(index: number): string {
  return `acct-${String(index + 1).padStart(5, '0')}`;
}

/** An account keeps its currency. */
export function homeCurrency(index: number): HomeCurrency {
  let left = (index * 37) % 100;
  for (const [currency, share] of CURRENCIES) {
    left -= share;
    if (left < 0) return currency;
  }
  return 'EUR';
}

/** Indexes 0 to `count` - 1, index i with a weight of 1 / (i + 1). */
export function zipf(count: number, random: SeededRandom): () => number {
  const cumulated: number[] = [];
  for (let i = 0; i < count; i++) cumulated.push((cumulated[i - 1] ?? 0) + 1 / (i + 1));
  const total = cumulated.at(-1)!;
  return () => {
    const wanted = random.next() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulated[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
