import type { Counter, OperatorCount } from './operators/receive.ts';

/** What single operators of one task do, counted where they do it. */
export class OperatorTally {
  readonly #skipped = new Map<string, Counter>();
  readonly #counts = new Map<OperatorCount, Map<string, Counter>>();

  skipped(operator: string): void {
    counterIn(this.#skipped, operator).count++;
  }

  /** The same one after the task was made anew. */
  counter(operator: string, what: OperatorCount): Counter {
    let counters = this.#counts.get(what);
    if (counters === undefined) {
      counters = new Map();
      this.#counts.set(what, counters);
    }
    return counterIn(counters, operator);
  }

  /** By operator. */
  dropped(): Readonly<Record<string, number>> {
    return shown(this.#skipped);
  }

  counted(what: OperatorCount): Readonly<Record<string, number>> {
    return shown(this.#counts.get(what) ?? new Map());
  }
}

function counterIn(counters: Map<string, Counter>, operator: string): Counter {
  let counter = counters.get(operator);
  if (counter === undefined) {
    counter = { count: 0 };
    counters.set(operator, counter);
  }
  return counter;
}

function shown(counters: ReadonlyMap<string, Counter>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counters].map(([operator, { count }]) => [operator, count]));
}
