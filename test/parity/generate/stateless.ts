import type { Family } from './families.ts';
import { aggregate, grouped, predicate, stateless, ticker, withoutNulls } from './steps.ts';

export const statelessFamilies: Readonly<Record<string, Family>> = {
  stateless(draft) {
    const first = stateless(draft, draft.stream({ hasNulls: true, hasNullKeys: true, hasCommas: true }), 4);
    const second = stateless(draft, draft.stream({ hasNulls: true, hasNullKeys: true }), 2);
    const merged = draft.add('stream', { op: 'merge', from: first.id, with: second.id }, true);
    draft.to(stateless(draft, merged, 2));
    draft.to(first);
  },
  split(draft) {
    const from = stateless(draft, draft.stream({ hasNulls: true, hasNullKeys: true }), 1);
    const branches = Array.from({ length: 1 + draft.below(3) }, () => predicate(draft));
    const { id } = draft.add('stream', { op: 'split', branches, from: from.id }, true);
    const parts = [...branches.keys(), 'rest'].map(
      (name) => ({ id: `${id}.${name}`, kind: 'stream', mayBeNull: true }) as const,
    );
    for (const part of parts) draft.to(part);
    const [one, other] = [draft.pick(parts), draft.pick(parts)];
    const merged = draft.add('stream', { op: 'merge', from: one.id, with: other.id }, true);
    draft.to(stateless(draft, merged, 2));
  },
  regroup(draft) {
    const first = stateless(draft, draft.stream({ hasNulls: true, hasNullKeys: true, hasCommas: true }), 2);
    draft.to(aggregate(draft, grouped(draft, first)));
    const keyed = draft.add('stream', { op: 'selectKey', from: withoutNulls(draft, first).id });
    const counted = aggregate(draft, draft.add('group', { op: 'groupByKey', from: keyed.id }));
    draft.to(counted);
    const changes = draft.add('stream', { op: 'toStream', from: counted.id });
    if (draft.chance(0.5)) draft.to(aggregate(draft, grouped(draft, changes)));
  },
  ticker(draft) {
    const from = stateless(draft, draft.stream({ hasNulls: true, hasNullKeys: true }), 1);
    const ticked = ticker(draft, from);
    draft.to(ticked);
    if (draft.chance(0.5)) draft.to(ticker(draft, ticked));
    else draft.to(aggregate(draft, grouped(draft, ticked)));
  },
};
