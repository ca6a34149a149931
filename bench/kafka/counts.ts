import type { SeenOutput } from './output-watch.ts';

const SHOWN = 5;

/** What was sent of each account, against what outputs counted: exactly once is that they are the same. */
export class Counts {
  readonly #sent = new Map<string, number>();
  readonly #counted = new Map<string, Map<string, number>>();
  #total = 0;

  /** All that was sent. */
  get total(): number {
    return this.#total;
  }

  add(sentOf: ReadonlyMap<string, number>): void {
    for (const [account, count] of sentOf) {
      this.#sent.set(account, (this.#sent.get(account) ?? 0) + count);
      this.#total += count;
    }
  }

  /** An output: the count of an account goes up by one with each, whatever was killed in between. Throws RangeError. */
  saw(topic: string, { key, count }: SeenOutput): void {
    let counted = this.#counted.get(topic);
    if (counted === undefined) {
      counted = new Map();
      this.#counted.set(topic, counted);
    }
    const before = counted.get(key) ?? 0;
    if (count !== before + 1)
      throw new RangeError(`${topic}: after ${before} records of ${key} the output has ${count}`);
    counted.set(key, count);
  }

  /** Throws RangeError where an account's last count is not what was sent and what it had at first. */
  require(topic: string, atFirst: number): void {
    const counted = this.#counted.get(topic) ?? new Map<string, number>();
    const wrong = [...this.#sent].filter(([account, sent]) => counted.get(account) !== sent + atFirst);
    if (wrong.length === 0) return;
    const shown = wrong
      .slice(0, SHOWN)
      .map(([account, sent]) => `${account}: ${sent + atFirst} sent, ${counted.get(account)} counted`);
    throw new RangeError(`${topic}: ${wrong.length} accounts are wrong:\n  ${shown.join('\n  ')}`);
  }
}
