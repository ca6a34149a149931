import { seededRandom } from '../../../src/random.ts';
import type { Operator, Scenario, Step } from '../scenario.ts';
import { drawInput, type TopicTraits } from './input.ts';

export type Draft = Omit<Scenario, 'expected'>;

/** What an operator of a drawn scenario makes. */
export interface Drawn {
  readonly id: string;
  readonly kind:
    | 'stream'
    | 'table'
    | 'versioned'
    | 'windowed'
    | 'global'
    | 'group'
    | 'tableGroup'
    | 'windows'
    | 'cogroup';
  /** A value may be null here, and grouping by its first character would fail in Kafka Streams. */
  readonly mayBeNull?: boolean;
}

export interface DraftOptions {
  readonly family: string;
  readonly seed: number;
  /** Keys of the input (a, b, c). */
  readonly keys?: readonly string[];
  readonly steps?: number;
  /** Fewer operators change the key, so that more scenarios need no internal topic. */
  readonly keepsKeys?: boolean;
}

const KEYS = ['a', 'b', 'c'];
const STEPS = 45;

/** A scenario that is being drawn: the operators so far, the topics that they read, and the luck. */
export class ScenarioDraft {
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #options: DraftOptions;
  readonly #topology: Operator[] = [];
  readonly #topics: TopicTraits[] = [];
  #outputs = 0;
  #hasWallClock = false;

  constructor(options: DraftOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  get keepsKeys(): boolean {
    return this.#options.keepsKeys ?? false;
  }

  get done(): Draft {
    const { family, seed, keys = KEYS, steps = STEPS } = this.#options;
    const traits = { topics: this.#topics, keys, steps, hasWallClock: this.#hasWallClock };
    const input: readonly Step[] = drawInput(this.#random, traits);
    return { name: `${family}-${seed}`, topology: this.#topology, input };
  }

  pick<T>(values: readonly T[]): T {
    return this.#random.pick(values);
  }

  below(limit: number): number {
    return this.#random.below(limit);
  }

  chance(of: number): boolean {
    return this.#random.next() < of;
  }

  stream(traits: Partial<TopicTraits> = {}): Drawn {
    const drawn = this.#source('stream', traits, {});
    return traits.hasNulls ? { ...drawn, mayBeNull: true } : drawn;
  }

  table(traits: Partial<TopicTraits> = {}): Drawn {
    return this.#source('table', { deletes: 0.15, ...traits }, {});
  }

  versioned(historyMs: number): Drawn {
    return { ...this.#source('table', { deletes: 0.15, disorder: 0.4 }, { historyMs }), kind: 'versioned' };
  }

  global(): Drawn {
    return { ...this.#source('globalTable', { deletes: 0.15, isGlobal: true }, {}), kind: 'global' };
  }

  #source(op: 'stream' | 'table' | 'globalTable', traits: Partial<TopicTraits>, more: Partial<Operator>): Drawn {
    const topic = `in${this.#topics.length}`;
    this.#topics.push({ ...traits, topic });
    return this.add(op === 'stream' ? 'stream' : 'table', { op, topic, ...more });
  }

  add(kind: Drawn['kind'], operator: Operator, mayBeNull = false): Drawn {
    const id = operator.id ?? `${operator.op}${this.#topology.length}`;
    this.#topology.push({ id, ...operator });
    if (operator.op === 'ticker' && operator.kind === 'wall') this.#hasWallClock = true;
    return { id, kind, mayBeNull };
  }

  to({ id }: Drawn): void {
    this.#topology.push({ op: 'to', from: id, topic: `out${this.#outputs++}` });
  }
}
