import type { Drawn, ScenarioDraft } from './draft.ts';
import type { Family } from './families.ts';
import { aggregate, grouped, SPANS, stateless, tableStep } from './steps.ts';

export const joinFamilies: Readonly<Record<string, Family>> = {
  ss_join(draft) {
    const left = stateless(draft, someStream(draft), 1);
    const right = stateless(draft, someStream(draft), 1);
    afterJoin(draft, streams(draft, left, right));
  },
  ss_self(draft) {
    const left = draft.stream({ hasNulls: draft.chance(0.3), hasNullKeys: draft.chance(0.3) });
    const right = draft.chance(0.3) ? left : stateless(draft, left, 2);
    afterJoin(draft, streams(draft, left, right));
  },
  /** A join of a join. */
  ss_chain(draft) {
    const joined = streams(draft, someStream(draft), someStream(draft));
    afterJoin(draft, streams(draft, joined, stateless(draft, someStream(draft), 1)));
  },
  st_join(draft) {
    const left = stateless(draft, someStream(draft), 1);
    const right = draft.chance(0.5) ? tableStep(draft, draft.table()) : draft.table();
    afterJoin(draft, withTable(draft, left, right));
  },
  to_table(draft) {
    const made = draft.add('table', { op: 'toTable', from: stateless(draft, someStream(draft), 2).id });
    draft.to(made);
    afterJoin(draft, withTable(draft, someStream(draft), draft.chance(0.4) ? tableStep(draft, made) : made));
  },
  versioned(draft) {
    const history = draft.pick([5, 10, 30, 60]);
    let table = draft.versioned(history);
    draft.to(table);
    if (draft.chance(0.3)) table = tableStep(draft, table);
    const left = stateless(draft, someStream(draft), 1);
    const kind = draft.pick(['inner', 'left']);
    const grace = draft.chance(0.6) ? { graceMs: draft.pick([0, 5, 10, 30].filter((each) => each <= history)) } : {};
    afterJoin(draft, draft.add('stream', { op: 'join', kind, from: left.id, with: table.id, ...grace }));
  },
  /** What else is made of a versioned table, which tells late rows apart (KIP-914). */
  versioned_table(draft) {
    let table = draft.versioned(draft.pick([5, 10, 30, 60]));
    if (draft.chance(0.5)) table = tableStep(draft, table);
    draft.to(table);
    if (draft.chance(0.6)) draft.to(aggregate(draft, grouped(draft, table)));
    const other = draft.chance(0.5) ? draft.versioned(draft.pick([10, 30])) : draft.table();
    const [left, right] = draft.chance(0.5) ? [table, other] : [other, table];
    draft.to(
      draft.add('table', { op: 'join', kind: draft.pick(['inner', 'left', 'outer']), from: left.id, with: right.id }),
    );
  },
  global(draft) {
    const left = stateless(draft, someStream(draft), 1);
    const table = draft.global();
    const kind = draft.pick(['inner', 'left']);
    const joined = draft.add('stream', { op: 'join', kind, from: left.id, with: table.id }, true);
    draft.to(joined);
    if (draft.chance(0.3))
      afterJoin(draft, draft.add('stream', { op: 'join', kind: 'left', from: joined.id, with: draft.global().id }));
    else afterJoin(draft, joined);
  },
};

export function someStream(draft: ScenarioDraft): Drawn {
  return draft.stream({ hasNulls: draft.chance(0.4), hasNullKeys: draft.chance(0.4) });
}

export function streams(draft: ScenarioDraft, left: Drawn, right: Drawn): Drawn {
  const isEven = draft.chance(0.5);
  const beforeMs = draft.pick(SPANS);
  return draft.add('stream', {
    op: 'join',
    kind: draft.pick(['inner', 'left', 'outer']),
    from: left.id,
    with: right.id,
    beforeMs,
    afterMs: isEven ? beforeMs : draft.pick(SPANS),
    graceMs: draft.pick([0, 5, 20]),
  });
}

export function withTable(draft: ScenarioDraft, left: Drawn, right: Drawn): Drawn {
  return draft.add('stream', { op: 'join', kind: draft.pick(['inner', 'left']), from: left.id, with: right.id });
}

function afterJoin(draft: ScenarioDraft, joined: Drawn): void {
  draft.to(joined);
  if (draft.chance(0.3)) draft.to(aggregate(draft, grouped(draft, { ...joined, mayBeNull: false })));
}
