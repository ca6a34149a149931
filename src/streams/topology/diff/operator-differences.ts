import type { OperatorJson } from '../plan-json.ts';
import type { PlanDifference } from './plan-difference.ts';
import { matched, type PlanIndex } from './plan-index.ts';

/** What Graph.add makes where the user gave no name: it changes with every operator before it and says nothing. */
const GENERATED = /^[A-Z][A-Z-]*-\d{10}$/;
/** Told by their topics. */
const TOPICS: ReadonlySet<string> = new Set(['source', 'sink']);

/** Times that are kept under names: of processors that schedule, and of the first topic of a part. */
export function timeDifferences(before: PlanIndex, after: PlanIndex): readonly PlanDifference[] {
  const processors = (index: PlanIndex) => new Map([...index.operators].filter(([, { kind }]) => kind === 'process'));
  const [old, now] = [processors(before), processors(after)];
  const placeOf = (each: OperatorJson) => {
    const index = old.get(each.name) === each ? before : after;
    return JSON.stringify([each.settings, [...each.stores].sort(), index.topicsAbove(each.name)]);
  };
  const renamed = matched(old, now, placeOf).renamed.map(([from, to]) => ({
    effect: 'changes' as const,
    about: 'operators' as const,
    name: from,
    message: `process ${from} looks renamed to ${to}: its stores stay, and what it has scheduled on stream time begins anew`,
  }));
  return [...renamed, ...leadDifferences(before, after)];
}

/** Punctuations on stream time and idle ticks are kept under the first topic that a part of the topology reads. */
function leadDifferences({ plan: before }: PlanIndex, { plan: after }: PlanIndex): readonly PlanDifference[] {
  return before.subTopologies.flatMap(({ stores, reads }) => {
    const now = after.subTopologies.find((each) => each.stores.some((store) => stores.includes(store)));
    const [from, to] = [reads[0], now?.reads[0]];
    if (from === undefined || to === undefined || from === to) return [];
    const message = `the part with store ${stores[0]} begins with topic ${to} rather than ${from}: what is scheduled on stream time and the idle ticks, kept under that name, begin anew`;
    return [{ effect: 'changes' as const, about: 'part' as const, name: from, message }];
  });
}

/** All operators that keep nothing, in one line. */
export function statelessDifferences(before: PlanIndex, after: PlanIndex): readonly PlanDifference[] {
  const [old, now] = [stateless(before), stateless(after)];
  const removed = [...old.keys()].filter((name) => !now.has(name));
  const added = [...now.keys()].filter((name) => !old.has(name));
  const changed = [...old].flatMap(([name, text]) => (now.has(name) && now.get(name) !== text ? [name] : []));
  const parts = [
    ['added', added],
    ['removed', removed],
    ['changed', changed],
  ] as const;
  const told = parts.flatMap(([what, names]) => (names.length === 0 ? [] : [`${what}: ${names.join(', ')}`]));
  if (told.length === 0) return [];
  const message = `operators that keep nothing on disk (${told.join('; ')})`;
  return [{ effect: 'harmless', about: 'operators', name: 'without state', message }];
}

/** By name; those without one of the user's by their kind and how many there are of it before them. */
function stateless({ operators }: PlanIndex): ReadonlyMap<string, string> {
  const unnamed = new Map<string, number>();
  const found = new Map<string, string>();
  for (const { name, kind, stores, settings } of operators.values()) {
    if (stores.length > 0 || TOPICS.has(kind) || kind === 'process') continue;
    if (!GENERATED.test(name)) {
      found.set(`${kind} ${name}`, JSON.stringify(settings));
      continue;
    }
    const count = (unnamed.get(kind) ?? 0) + 1;
    unnamed.set(kind, count);
    found.set(`${kind} ${count}`, JSON.stringify(settings));
  }
  return found;
}
