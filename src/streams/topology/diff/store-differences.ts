import type { OperatorJson } from '../plan-json.ts';
import type { Effect, PlanDifference } from './plan-difference.ts';
import { matched, type PlacedStore, type PlanIndex } from './plan-index.ts';
import { changedSerdes, changedSettings, durationOr } from './setting-differences.ts';

/** How long rows are kept: with another value all rows are still found, but some are deleted, or missing. */
const KEPT_FOR: ReadonlySet<string> = new Set(['retentionMs', 'historyMs', 'ttlMs', 'graceMs']);
/** What the keys and values on disk look like, by the kind of store. */
const SHAPE: ReadonlySet<string> = new Set(['keyValue timestamped', 'window windowMs']);
/** Which windows an aggregate has rows of. Grace only decides what comes too late. */
const WINDOWS: ReadonlySet<string> = new Set([
  'windows.kind',
  'windows.sizeMs',
  'windows.advanceMs',
  'windows.timeDifferenceMs',
  'windows.gapMs',
]);
/** Of a join: which records are partners. Those that are kept stay what they are. */
const PARTNERS: ReadonlySet<string> = new Set(['windows.beforeMs', 'windows.afterMs']);

export function storeDifferences(before: PlanIndex, after: PlanIndex): readonly PlanDifference[] {
  const { kept, renamed, removed, added } = matched(before.stores, after.stores, ({ place }) => place);
  const isGlobal = (name: string) => isGlobalTable(before.stores.get(name)) || isGlobalTable(after.stores.get(name));
  const found = [
    ...renamed.map(([from, to]) => renamedStore(from, to, before.stores.get(from)!)),
    ...removed.map((name) =>
      difference('loses', name, `is removed: what it holds would stay on disk, and nobody would read it`),
    ),
    ...added.map((name) =>
      difference('changes', name, 'is added: it begins empty and lacks what was processed before'),
    ),
    ...kept.flatMap(([name, old, now]) => keptStore(name, old, now)),
  ];
  return found.map((each) => (isGlobal(each.name) ? ofGlobalTable(each) : each));
}

function isGlobalTable(placed: PlacedStore | undefined): boolean {
  return placed?.operators.some(({ kind }) => kind === 'globalTable') ?? false;
}

/** All of it stands in its topic, and a worker reads it again. */
function ofGlobalTable({ effect, message, ...rest }: PlanDifference): PlanDifference {
  if (effect === 'harmless') return { ...rest, effect, message };
  const [what] = message
    .slice(`store ${rest.name}`.length)
    .replace(/^[: ]+/, '')
    .split(/: |;/);
  const read = `store ${rest.name} of a global table, ${what}: it is read again from the beginning of its topic`;
  return { ...rest, effect: 'changes', message: read };
}

function renamedStore(from: string, to: string, { operators, topics }: PlacedStore): PlanDifference {
  const where = `${kindsOf(operators)} of ${topics.join(', ')}`;
  return difference(
    'loses',
    from,
    `looks renamed to ${to} (${where}): the state would be lost; keep the name, or migrate: "headrace reset" builds the new one from the beginning`,
  );
}

function keptStore(name: string, old: PlacedStore, now: PlacedStore): readonly PlanDifference[] {
  if (old.store.kind !== now.store.kind) {
    const message = `is a ${old.store.kind} store and would be a ${now.store.kind} store: what is on disk would be read wrongly; give the new one another name`;
    return [difference('loses', name, message)];
  }
  const found: PlanDifference[] = [];
  if (kindsOf(old.operators) !== kindsOf(now.operators)) {
    const message = `is kept by ${kindsOf(old.operators)} and would be kept by ${kindsOf(now.operators)}: its rows mean something else; give the new one another name`;
    found.push(difference('loses', name, message));
  } else if (old.topics.join() !== now.topics.join()) {
    const message = `is made from ${old.topics.join(', ')} and would be made from ${now.topics.join(', ')}: the rows that are there stay`;
    found.push(difference('changes', name, message));
  }
  for (const { serde, from, to } of changedSerdes(old.store.serdes, now.store.serdes)) {
    const effect = from === null || to === null ? 'changes' : 'loses';
    const message = `: its ${serde} was written by ${from ?? 'a serde without a name'} and would be read by ${to ?? 'a serde without a name'}`;
    found.push(difference(effect, name, message));
  }
  for (const { setting, from, to } of changedSettings(old.store.settings, now.store.settings)) {
    const [shown, wanted] = [durationOr(setting, from), durationOr(setting, to)];
    if (KEPT_FOR.has(setting)) {
      const isShorter = Number(to) < Number(from);
      const rest = isShorter ? 'what is older is deleted' : 'what was deleted before does not come back';
      found.push(difference('changes', name, `keeps ${shown} (${setting}) and would keep ${wanted}: ${rest}`));
    } else {
      const effect: Effect = SHAPE.has(`${old.store.kind} ${setting}`) ? 'loses' : 'changes';
      found.push(difference(effect, name, `: ${setting} is ${shown} and would be ${wanted}`));
    }
  }
  return [...found, ...windowDifferences(name, old.operators, now.operators)];
}

/** Rows of windows that are no more would stay between those of the new ones. */
function windowDifferences(
  store: string,
  old: readonly OperatorJson[],
  now: readonly OperatorJson[],
): readonly PlanDifference[] {
  return now.flatMap((operator) => {
    const before = old.find(({ name }) => name === operator.name);
    // Told once, at the first of its stores.
    if (before === undefined || operator.stores[0] !== store) return [];
    return changedSettings(before.settings, operator.settings).map(({ setting, from, to }) => {
      const change = `${setting} of ${operator.name} is ${durationOr(setting, from)} and would be ${durationOr(setting, to)}`;
      if (PARTNERS.has(setting)) {
        return difference('changes', store, `: ${change}: partners are found as far back as they were kept before`);
      }
      return WINDOWS.has(setting)
        ? difference('loses', store, `: ${change}: the rows of the old windows would stand among those of the new`)
        : difference('harmless', store, `: ${change}; what is on disk stays as it is`);
    });
  });
}

function kindsOf(operators: readonly OperatorJson[]): string {
  return [...new Set(operators.map(({ kind }) => kind))].sort().join(' and ');
}

function difference(effect: Effect, name: string, rest: string): PlanDifference {
  return { effect, about: 'store', name, message: `store ${name}${rest.startsWith(':') ? '' : ' '}${rest}` };
}
