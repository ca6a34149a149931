import type { Drawn, ScenarioDraft } from './draft.ts';

const PREDICATES = ['short', 'even', 'keyA', 'never', 'always'];
/** Those that are neither always nor never so, more often. */
const TELLING = ['short', 'even', 'short', 'even', 'keyA', ...PREDICATES];
const MAPPERS = ['upper', 'exclaim', 'first', 'nullify-short'];
const AGGREGATES = ['count', 'lengths', 'concat', 'reduce'];
const SIZES = [5, 10, 30];
const GRACES = [0, 3, 10, 40];
export const SPANS = [0, 5, 10, 25];

export function predicate(draft: ScenarioDraft): string {
  return draft.pick(TELLING);
}

/** Operators that change a stream's records one by one, a few after another. */
export function stateless(draft: ScenarioDraft, from: Drawn, countMax = 3): Drawn {
  let made = from;
  for (let count = draft.below(countMax + 1); count > 0; count--) {
    const { id, mayBeNull = false } = made;
    switch (draft.below(4)) {
      case 0: {
        const op = draft.pick(['filter', 'filterNot']);
        made = draft.add('stream', { op, fn: predicate(draft), from: id }, mayBeNull);
        break;
      }
      case 1: {
        const fn = draft.pick(MAPPERS);
        made = draft.add('stream', { op: 'mapValues', fn, from: id }, mayBeNull || fn === 'nullify-short');
        break;
      }
      case 2:
        made = draft.add('stream', { op: 'flatMapValues', from: id });
        break;
      default:
        made = mayBeNull || draft.keepsKeys ? made : draft.add('stream', { op: 'selectKey', from: id });
    }
  }
  return made;
}

/** A stream without null values: those are in the way of grouping by the value. */
export function withoutNulls(draft: ScenarioDraft, from: Drawn): Drawn {
  return from.mayBeNull ? draft.add('stream', { op: 'flatMapValues', from: from.id }) : from;
}

/** As tables are filtered and mapped; a windowed one only mapped, for predicates look at a key that is text. */
export function tableStep(draft: ScenarioDraft, from: Drawn): Drawn {
  if (from.kind !== 'windowed' && draft.chance(0.5)) {
    return draft.add(from.kind, { op: draft.pick(['filter', 'filterNot']), fn: predicate(draft), from: from.id });
  }
  return draft.add(from.kind, { op: 'mapValues', fn: draft.pick(MAPPERS), from: from.id });
}

export function grouped(draft: ScenarioDraft, from: Drawn): Drawn {
  if (from.kind !== 'stream') return draft.add('tableGroup', { op: 'groupBy', from: from.id });
  if (draft.keepsKeys || draft.chance(0.6)) return draft.add('group', { op: 'groupByKey', from: from.id });
  return draft.add('group', { op: 'groupBy', from: withoutNulls(draft, from).id });
}

export function aggregate(draft: ScenarioDraft, from: Drawn): Drawn {
  const kind = from.kind === 'windows' ? 'windowed' : 'table';
  return draft.add(kind, { op: 'aggregate', fn: draft.pick(AGGREGATES), from: from.id });
}

export function windows(draft: ScenarioDraft, from: Drawn, emit?: 'onWindowClose'): Drawn {
  const kind = draft.pick(['tumbling', 'hopping', 'sliding', 'session']);
  const sizeMs = draft.pick(SIZES);
  return draft.add('windows', {
    op: 'window',
    kind,
    from: from.id,
    sizeMs,
    graceMs: draft.pick(GRACES),
    ...(kind === 'hopping' ? { advanceMs: draft.pick([2, 5, 10].filter((each) => each <= sizeMs)) } : {}),
    ...(emit === undefined ? {} : { emit }),
  });
}

export function suppressTime(draft: ScenarioDraft, { id, kind }: Drawn): Drawn {
  const limit = draft.chance(0.5) ? { maxRecords: 1 + draft.below(3) } : {};
  return draft.add(kind, { op: 'suppress', kind: 'timeLimit', ms: draft.pick([0, 5, 20, 50]), ...limit, from: id });
}

export function ticker(draft: ScenarioDraft, from: Drawn, kinds: readonly string[] = ['stream', 'wall']): Drawn {
  const kind = draft.pick(kinds);
  return draft.add('stream', { op: 'ticker', kind, everyMs: draft.pick([5, 10, 20]), from: from.id }, from.mayBeNull);
}
