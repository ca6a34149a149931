import type { Drawn, ScenarioDraft } from './draft.ts';
import type { Family } from './families.ts';
import { aggregate, grouped, stateless, suppressTime, tableStep, windows } from './steps.ts';

export const windowFamilies: Readonly<Record<string, Family>> = {
  window: (draft) => after(draft, aggregate(draft, windows(draft, source(draft)))),
  window_close: (draft) => after(draft, aggregate(draft, windows(draft, source(draft), 'onWindowClose'))),
  suppress_close(draft) {
    let from = aggregate(draft, windows(draft, source(draft)));
    if (draft.chance(0.4)) from = tableStep(draft, from);
    after(draft, draft.add('windowed', { op: 'suppress', kind: 'windowCloses', from: from.id }));
  },
  suppress_time(draft) {
    const from = draft.pick([
      () => aggregate(draft, windows(draft, source(draft))),
      () => aggregate(draft, source(draft)),
      () => draft.table(),
    ])();
    after(draft, suppressTime(draft, draft.chance(0.4) ? tableStep(draft, from) : from));
  },
  /** Two windowed tables of one stream, joined. */
  window_join(draft) {
    const group = source(draft);
    const [left, right] = [0, 1].map(() => {
      const made = aggregate(draft, windows(draft, group, draft.chance(0.3) ? 'onWindowClose' : undefined));
      return draft.chance(0.3) ? tableStep(draft, made) : made;
    }) as [Drawn, Drawn];
    const kind = draft.pick(['inner', 'left', 'outer']);
    after(draft, draft.add('windowed', { op: 'join', kind, from: left.id, with: right.id }));
  },
};

function source(draft: ScenarioDraft): Drawn {
  const from = stateless(draft, draft.stream({ hasNulls: draft.chance(0.5), hasNullKeys: draft.chance(0.5) }), 1);
  return grouped(draft, from);
}

/** What may come of a table, windowed or not. */
function after(draft: ScenarioDraft, made: Drawn): void {
  draft.to(made);
  if (draft.chance(0.3)) draft.to(tableStep(draft, made));
  if (draft.chance(0.3)) {
    const changes = draft.add('stream', { op: 'toStream', from: made.id }, true);
    draft.to(aggregate(draft, grouped(draft, changes)));
  }
}
