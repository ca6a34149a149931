import type { Drawn, ScenarioDraft } from './draft.ts';
import type { Family } from './families.ts';
import { aggregate, grouped, stateless, tableStep } from './steps.ts';

export const tableFamilies: Readonly<Record<string, Family>> = {
  tt_join(draft) {
    const left = steps(draft, draft.table());
    const right = draft.chance(0.2) ? left : steps(draft, draft.table());
    afterTable(draft, tables(draft, left, right));
  },
  tt_chain(draft) {
    const first = tables(draft, draft.table(), steps(draft, draft.table()));
    const made = draft.add('table', { op: 'toTable', from: draft.stream().id });
    afterTable(draft, tables(draft, steps(draft, first), draft.chance(0.5) ? made : draft.table()));
  },
  fk(draft) {
    const left = draft.table({ hasForeignKeys: true });
    const right = steps(draft, draft.table());
    const joined = foreign(draft, draft.chance(0.3) ? tableStep(draft, left) : left, right);
    afterTable(draft, joined);
    if (draft.chance(0.3)) draft.to(foreign(draft, joined, draft.table()));
  },
  table_group(draft) {
    const from = steps(draft, draft.table());
    const made = aggregate(draft, grouped(draft, from));
    if (draft.chance(0.6)) afterTable(draft, made);
    // Not both: Kafka Streams' driver has one task for all parts of a topology, and which of several records of one time comes
    // first there hangs on the other parts as well.
    else draft.to(tables(draft, made, aggregate(draft, grouped(draft, from))));
  },
  /** Aggregates of a stream go on as tables. */
  aggregates(draft) {
    const from = stateless(draft, draft.stream({ hasNulls: true, hasNullKeys: true }), 1);
    const first = aggregate(draft, grouped(draft, from));
    const second = aggregate(draft, grouped(draft, draft.chance(0.5) ? from : draft.stream()));
    draft.to(second);
    afterTable(draft, tables(draft, steps(draft, first), second));
  },
};

function steps(draft: ScenarioDraft, from: Drawn): Drawn {
  let made = from;
  for (let count = draft.below(3); count > 0; count--) made = tableStep(draft, made);
  return made;
}

export function tables(draft: ScenarioDraft, left: Drawn, right: Drawn): Drawn {
  return draft.add('table', {
    op: 'join',
    kind: draft.pick(['inner', 'left', 'outer']),
    from: left.id,
    with: right.id,
  });
}

export function foreign(draft: ScenarioDraft, left: Drawn, right: Drawn): Drawn {
  return draft.add('table', {
    op: 'foreignKeyJoin',
    kind: draft.pick(['inner', 'left']),
    from: left.id,
    with: right.id,
  });
}

function afterTable(draft: ScenarioDraft, made: Drawn): void {
  draft.to(made);
  if (draft.chance(0.4)) draft.to(tableStep(draft, made));
  if (draft.chance(0.3)) draft.to(aggregate(draft, grouped(draft, made)));
}
