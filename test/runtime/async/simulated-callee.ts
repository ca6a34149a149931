import type { AsyncCall } from 'headrace';
import type { StartTimer } from '../../../src/clock.ts';
import type { SeededRandom } from '../../../src/random.ts';

/** How likely each behaviour is at each request, 0 to 1; else it answers. */
export interface CalleeFaults {
  /** An error at once, nothing done. */
  readonly refuses: number;
  /** Nothing done, and never an answer. */
  readonly ignores: number;
  /** Done, and never an answer. */
  readonly fallsSilent: number;
}

/**
 * Somebody outside who lives longer than any process that asks it, and keeps to the one rule: nothing is done twice under one idempotency key. It notes all that it
 * sees.
 */
export class SimulatedCallee {
  readonly #random: SeededRandom;
  readonly #startTimer: StartTimer;
  readonly #faults: CalleeFaults;
  /** By idempotency key: what was asked under it, in the order of the first requests. */
  readonly requests = new Map<string, string>();
  /** By idempotency key: what was done, in that order. */
  readonly effects = new Map<string, string>();
  readonly violations: string[] = [];
  asked = 0;

  constructor(random: SeededRandom, startTimer: StartTimer, faults: CalleeFaults) {
    this.#random = random;
    this.#startTimer = startTimer;
    this.#faults = faults;
  }

  /** Answers with the number of the effect, the same for each request under one key. */
  readonly call = ({ idempotencyKey, key, value }: AsyncCall<string, string>): Promise<string> => {
    this.asked++;
    const content = `${key} ${value}`;
    const before = this.requests.get(idempotencyKey);
    if (before === undefined) this.requests.set(idempotencyKey, content);
    else if (before !== content) this.violations.push(`${idempotencyKey}: ${before}, then ${content}`);
    const { refuses, ignores, fallsSilent } = this.#faults;
    const drawn = this.#random.next();
    if (drawn < refuses) return Promise.reject(new RangeError('busy'));
    if (drawn < refuses + ignores) return new Promise(() => {});
    if (!this.effects.has(idempotencyKey)) this.effects.set(idempotencyKey, content);
    if (drawn < refuses + ignores + fallsSilent) return new Promise(() => {});
    return new Promise((resolve) => {
      this.#startTimer(this.#random.below(40), () => resolve(`${value} done`));
    });
  };
}

/** What each key was asked or done, in order. */
export function byKey(contents: Iterable<string>): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  for (const content of contents) {
    const [key, value] = content.split(' ') as [string, string];
    found[key] ??= [];
    found[key].push(value);
  }
  return found;
}
