import type { Drawn, ScenarioDraft } from './draft.ts';
import { someStream, streams, withTable } from './joins.ts';
import { aggregate, grouped, stateless, suppressTime, tableStep, ticker, windows } from './steps.ts';
import { foreign, tables } from './tables.ts';

/** Operators over whatever is there by then, three to five levels of them; what nothing reads goes out. */
export function free(draft: ScenarioDraft): void {
  const sources: Drawn[] = [someStream(draft), draft.table({ hasForeignKeys: draft.chance(0.4) })];
  if (draft.chance(0.6))
    sources.push(draft.pick([() => someStream(draft), () => draft.table(), () => draft.global()])());
  if (draft.chance(0.3)) sources.push(draft.versioned(30));
  let made = sources;
  const levels = 3 + draft.below(3);
  for (let level = 0; level < levels; level++) {
    const next = [operator(draft, made)];
    if (draft.chance(0.4)) next.push(operator(draft, made));
    for (const each of next) draft.to(each);
    made = [...made, ...next];
  }
}

function operator(draft: ScenarioDraft, made: readonly Drawn[]): Drawn {
  // What was made last is more telling than what is there from the beginning.
  const usable = made.filter(({ kind }) => kind !== 'global');
  const from = draft.chance(0.6) ? usable.at(-1)! : draft.pick(usable);
  switch (from.kind) {
    case 'stream':
      return onStream(draft, from, made);
    case 'windowed':
      return onWindowed(draft, from);
    default:
      return onTable(draft, from, made);
  }
}

function onStream(draft: ScenarioDraft, from: Drawn, made: readonly Drawn[]): Drawn {
  const others = (...kinds: readonly Drawn['kind'][]) => made.filter(({ kind }) => kinds.includes(kind));
  const ways: (() => Drawn)[] = [
    () => stateless(draft, from, 2),
    () => aggregate(draft, grouped(draft, from)),
    () => aggregate(draft, windows(draft, grouped(draft, from), draft.chance(0.4) ? 'onWindowClose' : undefined)),
    () => draft.add('table', { op: 'toTable', from: from.id }),
    () => withTable(draft, from, draft.pick(others('table', 'versioned'))),
    () => streams(draft, from, draft.pick(others('stream'))),
    () => draft.add('stream', { op: 'merge', from: from.id, with: draft.pick(others('stream')).id }, true),
    // Stream time is not the same in Kafka Streams' driver, which has one task for all parts of a topology.
    () => ticker(draft, from, ['wall']),
  ];
  const globals = others('global');
  if (globals.length > 0) ways.push(() => withTable(draft, from, draft.pick(globals)));
  return draft.pick(ways)();
}

function onTable(draft: ScenarioDraft, from: Drawn, made: readonly Drawn[]): Drawn {
  const others = made.filter(({ kind }) => kind === 'table' || kind === 'versioned');
  const ways: (() => Drawn)[] = [
    () => tableStep(draft, from),
    () => draft.add('stream', { op: 'toStream', from: from.id }, true),
    () => aggregate(draft, grouped(draft, from)),
    () => tables(draft, from, draft.pick(others)),
    () => tables(draft, draft.pick(others), from),
    () => foreign(draft, from, draft.pick(others)),
  ];
  // Kafka Streams refuses to hold back changes of a versioned table.
  if (from.kind === 'table') ways.push(() => suppressTime(draft, from));
  return draft.pick(ways)();
}

function onWindowed(draft: ScenarioDraft, from: Drawn): Drawn {
  return draft.pick([
    () => tableStep(draft, from),
    () => draft.add('stream', { op: 'toStream', from: from.id }, true),
    () => draft.add('windowed', { op: 'suppress', kind: 'windowCloses', from: from.id }),
    () => suppressTime(draft, from),
  ])();
}
