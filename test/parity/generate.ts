import { seededRandom } from '../../src/random.ts';
import type { InputRecord, Operator, Scenario } from './scenario.ts';

type Draft = Omit<Scenario, 'expected'>;
type Kind = 'stream' | 'table';

const KEYS = ['a', 'b', 'c'];
const LETTERS = 'abcdefg';
const PREDICATES = ['short', 'even', 'keyA', 'never', 'always'];
const MAPPERS = ['upper', 'exclaim', 'first', 'nullify-short'];
const AGGREGATES = ['count', 'lengths', 'concat', 'reduce'];
const JOINS = ['inner', 'left', 'outer'];
const RECORDS = 45;

/**
 * A scenario out of a seed: sources, a few operators over whatever is there by then, and outputs. The oracle adds what Kafka
 * Streams makes of it. The names of functions are the oracle's.
 */
export function generate(seed: number): Draft {
  return new Generator(seed).scenario();
}

class Generator {
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #seed: number;
  readonly #topology: Operator[] = [];
  readonly #made: { readonly id: string; readonly kind: Kind }[] = [];
  readonly #topics: { readonly topic: string; readonly kind: Kind; readonly hasForeignKeys: boolean }[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
  }

  scenario(): Draft {
    const hasForeignKeys = this.#chance(0.25);
    this.#source('table', hasForeignKeys);
    this.#source(this.#chance(0.5) ? 'stream' : 'table', false);
    if (this.#chance(0.5)) this.#source('stream', false);
    const count = 2 + this.#random.below(4);
    for (let i = 0; i < count; i++) this.#operator(hasForeignKeys && i === 0);
    const outputs = this.#made.slice(this.#topics.length);
    for (const [index, { id }] of outputs.entries()) this.#topology.push({ op: 'to', from: id, topic: `out${index}` });
    return { name: `generated-${this.#seed}`, topology: this.#topology, input: this.#input() };
  }

  #source(kind: Kind, hasForeignKeys: boolean): void {
    const topic = `in${this.#topics.length}`;
    this.#topics.push({ topic, kind, hasForeignKeys });
    this.#add(kind, { op: kind, topic });
  }

  #operator(isForeignKeyJoin: boolean): void {
    if (isForeignKeyJoin) {
      const right = this.#made.findLast(({ kind }) => kind === 'table')!;
      const kind = this.#random.pick(['inner', 'left']);
      this.#add('table', { op: 'foreignKeyJoin', kind, from: this.#made[0]!.id, with: right.id });
      return;
    }
    const from = this.#random.pick(this.#made);
    if (from.kind === 'table') this.#onTable(from.id);
    else this.#onStream(from.id);
  }

  #onTable(from: string): void {
    const tables = this.#made.filter(({ kind }) => kind === 'table');
    switch (this.#random.below(6)) {
      case 0:
        this.#add('table', { op: this.#random.pick(['filter', 'filterNot']), fn: this.#random.pick(PREDICATES), from });
        return;
      case 1:
        this.#add('table', { op: 'mapValues', fn: this.#random.pick(MAPPERS), from });
        return;
      case 2:
        this.#add('stream', { op: 'toStream', from });
        return;
      case 3: {
        const grouped = this.#next('groupBy', { op: 'groupBy', from });
        this.#add('table', { op: 'aggregate', fn: this.#random.pick(AGGREGATES), from: grouped });
        return;
      }
      default:
        this.#add('table', { op: 'join', kind: this.#random.pick(JOINS), from, with: this.#random.pick(tables).id });
    }
  }

  #onStream(from: string): void {
    const others = (wanted: Kind) => this.#made.filter(({ kind }) => kind === wanted);
    switch (this.#random.below(7)) {
      case 0:
        this.#add('stream', {
          op: this.#random.pick(['filter', 'filterNot']),
          fn: this.#random.pick(PREDICATES),
          from,
        });
        return;
      case 1:
        this.#add('stream', { op: 'mapValues', fn: this.#random.pick(MAPPERS), from });
        return;
      case 2:
        this.#add('stream', { op: 'merge', from, with: this.#random.pick(others('stream')).id });
        return;
      case 3:
        this.#add('table', { op: 'toTable', from });
        return;
      case 4: {
        const grouped = this.#next('group', { op: 'groupByKey', from });
        this.#add('table', { op: 'aggregate', fn: this.#random.pick(AGGREGATES), from: grouped });
        return;
      }
      default:
        this.#add('stream', {
          op: 'join',
          kind: this.#random.pick(['inner', 'left']),
          from,
          with: this.#random.pick(others('table')).id,
        });
    }
  }

  #add(kind: Kind, operator: Operator): void {
    this.#made.push({ id: this.#next(kind, operator), kind });
  }

  #next(prefix: string, operator: Operator): string {
    const id = `${prefix}${this.#topology.length}`;
    this.#topology.push({ id, ...operator });
    return id;
  }

  #input(): readonly InputRecord[] {
    let time = 0;
    return Array.from({ length: RECORDS }, () => {
      time += this.#random.below(15);
      const { topic, kind, hasForeignKeys } = this.#random.pick(this.#topics);
      const ts = Math.max(0, time - (this.#chance(0.3) ? this.#random.below(25) : 0));
      const isDeletion = kind === 'table' && this.#chance(0.15);
      const key = this.#random.pick(KEYS);
      return { topic, key, value: isDeletion ? null : this.#value(hasForeignKeys), ts };
    });
  }

  #value(hasForeignKey: boolean): string {
    const text = Array.from({ length: 1 + this.#random.below(6) }, () => LETTERS[this.#random.below(LETTERS.length)]);
    return (hasForeignKey && this.#chance(0.8) ? `${this.#random.pick(KEYS)}:` : '') + text.join('');
  }

  #chance(of: number): boolean {
    return this.#random.next() < of;
  }
}
