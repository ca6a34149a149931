import { expect, it } from 'vitest';
import { Ownership } from '../../../../src/log/kafka/group/ownership.ts';
import { StateMember } from '../../../../src/log/kafka/queries/state-member.ts';

const place = (partition: number) => ({ topic: 'in', partition });
const prepared = (partition: number) => ({ ...place(partition), topicId: 'id', offset: 0, start: 0, end: 0 });
const identity = { memberId: 'm-1', generation: 7, instanceId: 'a' };

function member() {
  let epoch = 0;
  const given: { identity: typeof identity | undefined; isOut: boolean } = { identity, isOut: false };
  const ownership = new Ownership('a', () => ++epoch);
  const stateMember = new StateMember({
    group: 'g',
    membership: given,
    ownership,
    state: { hasStore: (source, store) => source === 'in' && store === 's' },
    isOut: () => given.isOut,
  });
  return { given, ownership, stateMember };
}

it('a member answers for what it owns and has restored, for nothing else', () => {
  const { ownership, stateMember } = member();
  expect(stateMember.standing(place(0))).toBeUndefined();
  ownership.assign([place(0), place(1)], true);
  // Given, and being restored.
  expect(stateMember.standing(place(0))).toBeUndefined();
  ownership.prepared([prepared(0)]);
  expect(stateMember.standing(place(0))).toMatchObject({ memberId: 'm-1', generation: 7 });
  expect(stateMember.standing(place(1))).toBeUndefined();
  ownership.assign([place(1)], true);
  expect(stateMember.standing(place(0))).toBeUndefined();
});

it('a member that is between two generations, or out, answers for nothing', () => {
  const { given, ownership, stateMember } = member();
  ownership.assign([place(0)], true);
  ownership.prepared([prepared(0)]);
  given.identity = undefined;
  expect([stateMember.standing(place(0)), stateMember.memberId]).toEqual([undefined, undefined]);
  given.identity = identity;
  given.isOut = true;
  expect(stateMember.standing(place(0))).toBeUndefined();
});
