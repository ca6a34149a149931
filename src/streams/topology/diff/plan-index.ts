import type { OperatorJson, PlanJson, StoreJson } from '../plan-json.ts';

/** A store with what the plan around it says of it. */
export interface PlacedStore {
  readonly store: StoreJson;
  readonly operators: readonly OperatorJson[];
  /** Where it stands, whatever it is called: its kind, the kinds of its operators, and the topics that they are fed from. */
  readonly place: string;
  readonly topics: readonly string[];
}

/** A plan, looked up by names. */
export class PlanIndex {
  readonly plan: PlanJson;
  readonly operators: ReadonlyMap<string, OperatorJson>;
  readonly stores: ReadonlyMap<string, PlacedStore>;
  readonly #writersOf = new Map<string, OperatorJson[]>();
  readonly #topicsAbove = new Map<string, readonly string[]>();

  constructor(plan: PlanJson) {
    this.plan = plan;
    const operators = [...plan.subTopologies, ...plan.globalTables].flatMap((each) => each.operators);
    this.operators = new Map(operators.map((operator) => [operator.name, operator]));
    for (const operator of operators) {
      if (operator.kind !== 'sink') continue;
      const topic = operator.topic ?? '';
      const others = this.#writersOf.get(topic);
      if (others === undefined) this.#writersOf.set(topic, [operator]);
      else others.push(operator);
    }
    this.stores = new Map(plan.stores.map((store) => [store.name, this.#placed(store, operators)]));
  }

  /** The topics of others from which records come to an operator, also through repartition topics; sorted. */
  topicsAbove(name: string): readonly string[] {
    const known = this.#topicsAbove.get(name);
    if (known !== undefined) return known;
    // Ends where a plan that somebody has edited goes in a circle.
    this.#topicsAbove.set(name, []);
    const operator = this.operators.get(name);
    const topics = operator === undefined ? [] : this.#above(operator);
    const sorted = [...new Set(topics)].sort();
    this.#topicsAbove.set(name, sorted);
    return sorted;
  }

  #above({ kind, topic = '', parents }: OperatorJson): readonly string[] {
    if (kind !== 'source') return parents.flatMap((parent) => this.topicsAbove(parent));
    const isInternal = this.plan.repartitionTopics.some(({ name }) => name === topic);
    if (!isInternal) return [topic];
    return (this.#writersOf.get(topic) ?? []).flatMap(({ name }) => this.topicsAbove(name));
  }

  #placed(store: StoreJson, all: readonly OperatorJson[]): PlacedStore {
    const operators = all.filter(({ stores }) => stores.includes(store.name));
    const kinds = [...new Set(operators.map(({ kind }) => kind))].sort();
    const topics = [...new Set(operators.flatMap(({ name }) => this.topicsAbove(name)))].sort();
    return { store, operators, topics, place: JSON.stringify([store.kind, kinds, topics]) };
  }
}

/** What is in one only, and of these what stands in the same place under another name. */
export function matched<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  placeOf: (each: T) => string,
): {
  readonly kept: readonly (readonly [name: string, before: T, after: T])[];
  readonly renamed: readonly (readonly [from: string, to: string])[];
  readonly removed: readonly string[];
  readonly added: readonly string[];
} {
  const removed = [...before.keys()].filter((name) => !after.has(name));
  const added = new Set([...after.keys()].filter((name) => !before.has(name)));
  const renamed: (readonly [string, string])[] = [];
  for (const from of removed) {
    const place = placeOf(before.get(from)!);
    const to = [...added].find((name) => placeOf(after.get(name)!) === place);
    if (to === undefined) continue;
    renamed.push([from, to]);
    added.delete(to);
  }
  const gone = new Set(renamed.map(([from]) => from));
  const kept = [...before].flatMap(([name, old]) => (after.has(name) ? [[name, old, after.get(name)!] as const] : []));
  return { kept, renamed, removed: removed.filter((name) => !gone.has(name)), added: [...added] };
}
