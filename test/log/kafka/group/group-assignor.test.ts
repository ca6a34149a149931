import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignGroup } from '../../../../src/log/kafka/group/group-assignor.ts';
import type { Subscription } from '../../../../src/log/kafka/group/subscription.ts';

const counts: Readonly<Record<string, number>> = { a: 6, b: 6, c: 4, d: 5 };
const partitionsOf = (topic: string) => counts[topic];

const member = (name: string, changes: Partial<Subscription> = {}): Subscription => ({
  member: name,
  topicSets: [['a', 'b'], ['c']],
  owned: [],
  generation: -1,
  members: [],
  attempt: 0,
  ...changes,
});
const places = (subscriptions: readonly Subscription[]) =>
  new Map(
    [...assignGroup(subscriptions, partitionsOf)].map(([name, { partitions }]) => [
      name,
      partitions.map(({ topic, partition }) => `${topic}-${partition}`),
    ]),
  );

describe('the assignment of a group', () => {
  it('gives every partition to one member, evenly, sets together, and the same whatever the order of the members', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(names, fc.nat(), (all, turn) => {
        const members = all.map((name) => member(name));
        const found = places(members);
        const flat = [...found.values()].flat();
        expect(flat).toHaveLength(16);
        expect(new Set(flat).size).toBe(16);
        for (const held of found.values()) {
          const of = (topic: string) => held.filter((each) => each.startsWith(topic)).map((each) => each.slice(2));
          expect(of('a')).toEqual(of('b'));
          expect(Math.abs(of('a').length - 6 / all.length)).toBeLessThan(1);
        }
        const start = turn % all.length;
        const turned = [...members.slice(start), ...members.slice(0, start)];
        expect(new Map([...places(turned)].sort())).toEqual(new Map([...found].sort()));
      }),
    );
  });

  it('leaves what a member has, and believes the one who saw the later generation', () => {
    const owned = (topic: string, partitions: readonly number[]) =>
      partitions.map((partition) => ({ topic, partition }));
    const old = member('m1', { owned: owned('d', [0, 1, 2]), generation: 3, topicSets: [['d']] });
    const late = member('m2', { owned: owned('d', [0, 3]), generation: 4, topicSets: [['d']] });
    const found = places([old, late]);
    expect(found.get('m2')).toEqual(expect.arrayContaining(['d-0', 'd-3']));
    expect(found.get('m1')).toEqual(expect.arrayContaining(['d-1', 'd-2']));
  });

  it('takes sets that overlap as one, and lets those wait who read only a part', () => {
    const assigned = assignGroup(
      [member('new', { topicSets: [['a', 'b']] }), member('old', { topicSets: [['a']] })],
      partitionsOf,
    );
    expect(assigned.get('new')!.partitions).toHaveLength(12);
    expect(assigned.get('old')).toMatchObject({ partitions: [], notice: { waitsFor: 'a, b' } });
    expect(assigned.get('old')!.notice.refused).toBeUndefined();
    expect(assigned.get('new')!.notice.waitsFor).toBeUndefined();
  });

  it('leaves topics with those who have them, where nobody reads all that hangs together, until they are gone', () => {
    const owned = (member: string) =>
      [...places([...old]).get(member)!].map((place) => ({ topic: place[0]!, partition: Number(place.slice(2)) }));
    const old = [member('z1', { topicSets: [['a', 'b']] }), member('z2', { topicSets: [['a', 'b']] })];
    const [z1, z2] = old.map((each) => ({ ...each, owned: owned(each.member), generation: 3 }));
    const renewed = member('a1', { topicSets: [['b', 'e'], ['d']] });
    const counted = (topic: string) => (topic === 'e' ? 6 : counts[topic]);
    const mixed = assignGroup([z1!, z2!, renewed], counted);
    expect(mixed.get('z1')!.partitions).toEqual(z1!.owned);
    expect(mixed.get('z2')!.partitions).toEqual(z2!.owned);
    expect(mixed.get('a1')!.notice.waitsFor).toBe('a, b, e');
    // What it shares with nobody is its own.
    expect(mixed.get('a1')!.partitions.map(({ topic }) => topic)).toEqual(['d', 'd', 'd', 'd', 'd']);
    const alone = assignGroup([renewed], counted).get('a1')!;
    expect(alone.partitions).toHaveLength(17);
    expect(alone.notice.waitsFor).toBeUndefined();
  });

  it('tells of topics that are gone, or can not be joined', () => {
    const [gone, odd] = [member('m', { topicSets: [['x']] }), member('m', { topicSets: [['a', 'c']] })];
    expect(assignGroup([gone], partitionsOf).get('m')!.notice.refused).toContain('x does not exist');
    expect(assignGroup([odd], partitionsOf).get('m')!.notice.refused).toContain('a 6, c 4');
  });

  it('gives all to one where the group is exclusive, and leaves it there', () => {
    const alone = places([member('m2', { isExclusive: true })]);
    expect(alone.get('m2')).toHaveLength(16);
    const owned = [{ topic: 'c', partition: 0 }];
    const both = places([
      member('m1', { isExclusive: true }),
      member('m2', { isExclusive: true, owned, generation: 1 }),
    ]);
    expect([both.get('m1'), both.get('m2')!.length]).toEqual([[], 16]);
  });

  it('names who is gone, so that the next owners can end what they have open', () => {
    const assigned = assignGroup([member('m1', { members: ['m1', 'm2', 'm3'] }), member('m3')], partitionsOf);
    expect(assigned.get('m3')!.notice).toMatchObject({ members: ['m1', 'm3'], gone: ['m2'] });
  });
});
