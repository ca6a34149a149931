import type { Drawn, ScenarioDraft } from './draft.ts';
import type { Family } from './families.ts';
import { someStream } from './joins.ts';
import { grouped, stateless, suppressTime, tableStep, windows } from './steps.ts';

export const cogroupFamilies: Readonly<Record<string, Family>> = {
  cogroup: (draft) =>
    after(
      draft,
      aggregate(draft, (from) => from),
    ),
  cogroup_window: (draft) =>
    after(
      draft,
      aggregate(draft, (from) => windows(draft, from)),
    ),
};

/** Of one to three streams; aggregates of numbers may be mixed. */
function aggregate(draft: ScenarioDraft, windowed: (from: Drawn) => Drawn): Drawn {
  const fns = draft.chance(0.5) ? ['concat'] : ['count', 'lengths'];
  let cogrouped = draft.add('cogroup', { op: 'cogroup', from: group(draft).id, fn: draft.pick(fns) });
  for (let others = draft.below(3); others > 0; others--) {
    const added = { from: cogrouped.id, with: group(draft).id, fn: draft.pick(fns) };
    cogrouped = draft.add('cogroup', { op: 'cogroup', ...added });
  }
  const from = windowed(cogrouped);
  const kind = from.kind === 'windows' ? 'windowed' : 'table';
  return draft.add(kind, { op: 'aggregate', fn: draft.pick(fns), from: from.id });
}

function group(draft: ScenarioDraft): Drawn {
  return grouped(draft, stateless(draft, someStream(draft), 1));
}

function after(draft: ScenarioDraft, made: Drawn): void {
  draft.to(made);
  if (draft.chance(0.3)) draft.to(tableStep(draft, made));
  if (made.kind === 'windowed' && draft.chance(0.2)) {
    draft.to(draft.add('windowed', { op: 'suppress', kind: 'windowCloses', from: made.id }));
  } else if (draft.chance(0.2)) draft.to(suppressTime(draft, made));
}
