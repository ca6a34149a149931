import type { Counter, OperatorCount } from './operators/receive.ts';
import type { SkippedRecords, SkipReason } from './skip-reason.ts';

/** What single operators of one task do, counted where they do it. */
export class OperatorTally {
  readonly #skipped = new Map<SkipReason, Map<string, Counter>>();
  readonly #counts = new Map<OperatorCount, Map<string, Counter>>();

  skipped(operator: string, reason: SkipReason): void {
    counterIn(countersIn(this.#skipped, reason), operator).count++;
  }

  /** The same one after the task was made anew. */
  counter(operator: string, what: OperatorCount): Counter {
    return counterIn(countersIn(this.#counts, what), operator);
  }

  /** By operator, whatever the reason. */
  dropped(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const { operator, count } of this.skippedRecords()) sums[operator] = (sums[operator] ?? 0) + count;
    return sums;
  }

  /** By operator and reason. */
  skippedRecords(): readonly SkippedRecords[] {
    return [...this.#skipped].flatMap(([reason, counters]) =>
      [...counters].map(([operator, { count }]) => ({ operator, reason, count })),
    );
  }

  counted(what: OperatorCount): Readonly<Record<string, number>> {
    return shown(this.#counts.get(what) ?? new Map());
  }
}

function countersIn<T>(counters: Map<T, Map<string, Counter>>, what: T): Map<string, Counter> {
  let found = counters.get(what);
  if (found === undefined) {
    found = new Map();
    counters.set(what, found);
  }
  return found;
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
