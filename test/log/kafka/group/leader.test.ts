import { expect, it } from 'vitest';
import { mixedTopologies } from '../../../../src/log/kafka/group/leader.ts';

const member = (name: string, topologyId?: string) => ({
  member: name,
  topicSets: [['in']],
  owned: [],
  generation: 1,
  members: [],
  attempt: 0,
  ...(topologyId === undefined ? {} : { topologyId }),
});

it('tells of members that run different topologies, and who runs which', () => {
  const mixed = mixedTopologies('pay', [member('a.w', 'one'), member('c.w', 'two'), member('b.w', 'one')]);
  expect(mixed).toMatchObject({
    code: 'TOPOLOGY_CHANGED',
    message: expect.stringContaining('group pay run different topologies: a.w, b.w | c.w.'),
  });
});

it('does not where all run the same, or do not say what', () => {
  expect(mixedTopologies('pay', [member('a.w', 'one'), member('b.w', 'one'), member('sink')])).toBeUndefined();
});
