import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assignPartitions,
  type Owners,
  type Subscription,
  type TopicSet,
} from '../../../src/log/membership/assignment.ts';

const sets: readonly TopicSet[] = [
  { id: 'a', topics: ['a'], partitions: 7 },
  { id: 'b c', topics: ['b', 'c'], partitions: 3 },
];
const all = new Set(['a', 'b c']);
const name = fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5');

describe('assignPartitions', () => {
  it('is complete, even and sticky through any joining and leaving', () => {
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(name, { minLength: 1 }), { maxLength: 12 }), (rounds) => {
        let owners: Owners = new Map();
        for (const members of rounds) {
          const subscriptions: Subscription[] = members.map((member) => ({ member, setIds: all }));
          const next = assignPartitions(sets, subscriptions, owners);
          for (const { id, partitions } of sets) {
            const assigned = next.get(id)!;
            const before = owners.get(id) ?? [];
            const counts = members.map((member) => assigned.filter((owner) => owner === member).length);
            expect(counts.reduce((sum, count) => sum + count, 0)).toBe(partitions);
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
            // The fewest moves: each member keeps as many of its own as an even share allows.
            const held = members
              .map((member) => before.filter((owner) => owner === member).length)
              .sort((a, b) => b - a);
            const even = Math.floor(partitions / members.length);
            const odd = partitions % members.length;
            const keepable = held.reduce((sum, count, i) => sum + Math.min(count, even + (i < odd ? 1 : 0)), 0);
            const kept = assigned.filter((owner, p) => owner !== null && owner === before[p]).length;
            expect(kept).toBe(keepable);
          }
          owners = next;
        }
      }),
    );
  });

  it('gives a set only to those who subscribe to it', () => {
    const owners = assignPartitions(sets, [{ member: 'm1', setIds: new Set(['a']) }], new Map());
    expect(owners.get('a')).toEqual(new Array(7).fill('m1'));
    expect(owners.get('b c')).toEqual([null, null, null]);
  });
});
