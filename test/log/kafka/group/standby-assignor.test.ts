import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignGroup, type MemberAssignment } from '../../../../src/log/kafka/group/group-assignor.ts';
import { encodeHeldState, type HeldPartition } from '../../../../src/log/kafka/group/held-state.ts';
import { instanceOf } from '../../../../src/log/kafka/group/standby-assignor.ts';
import type { Subscription } from '../../../../src/log/kafka/group/subscription.ts';

const PARTITIONS = 7;
/** "d" has no state. */
const TOPICS: Readonly<Record<string, number>> = { a: PARTITIONS, b: PARTITIONS, c: 3, d: 5 };
const STATEFUL = ['a', 'b', 'c'];
const TOPIC_SETS = [['a', 'b'], ['c'], ['d']];
const partitionsOf = (topic: string) => TOPICS[topic];

interface Held {
  /** Offset by "TOPIC PARTITION", of one instance. */
  readonly [place: string]: number;
}
const heldList = (held: Held): readonly HeldPartition[] =>
  Object.entries(held).map(([place, offset]) => {
    const [topic, partition] = place.split(' ') as [string, string];
    return { topic, partition: Number(partition), offset };
  });
const member = (name: string, held: Held = {}, more: Partial<Subscription> = {}): Subscription => ({
  member: name,
  topicSets: TOPIC_SETS,
  owned: [],
  generation: -1,
  members: [],
  attempt: 0,
  standbyReplicas: 1,
  state: encodeHeldState(STATEFUL, heldList(held)),
  ...more,
});
const owned = (assigned: MemberAssignment, topic: string) =>
  assigned.partitions.filter((each) => each.topic === topic).map(({ partition }) => partition);
const ownersOf = (all: ReadonlyMap<string, MemberAssignment>, topic: string) =>
  Object.fromEntries([...all].map(([name, each]) => [name, owned(each, topic)]));
const standbysOf = (all: ReadonlyMap<string, MemberAssignment>, topic: string) =>
  Object.fromEntries([...all].map(([name, { notice }]) => [name, notice.standbys?.[topic] ?? []]));

/** The members of one instance have one disk: which of them keeps a copy makes no difference. */
const byInstance = (held: Readonly<Record<string, readonly number[]>>) =>
  Object.entries(held)
    .flatMap(([name, partitions]) => partitions.map((partition) => `${instanceOf(name)} ${partition}`))
    .sort();

/** Grows with the differences between the numbers of copies. */
const unevenness = (held: Readonly<Record<string, readonly number[]>>) => {
  const counts = new Map<string, number>();
  for (const [name, { length }] of Object.entries(held)) {
    counts.set(instanceOf(name), (counts.get(instanceOf(name)) ?? 0) + length);
  }
  return [...counts.values()].reduce((sum, count) => sum + count ** 2, 0);
};

describe('a group with state', () => {
  const onlyC = { topicSets: [['c']] };
  const having = (topic: string, partitions: readonly number[], generation = 1) => ({
    owned: partitions.map((partition) => ({ topic, partition })),
    generation,
  });

  it.each<[string, readonly Subscription[], Record<string, readonly number[]>]>([
    [
      'gives what nobody owns to the member that has it',
      [member('i1.m', {}, onlyC), member('i2.m', { 'c 1': 5 }, onlyC), member('i3.m', { 'c 0': 9, 'c 2': 1 }, onlyC)],
      { 'i1.m': [2], 'i2.m': [1], 'i3.m': [0] },
    ],
    [
      'and of two to the one that is further by more than counts',
      [member('i1.m', { 'c 0': 5 }, onlyC), member('i2.m', { 'c 0': 10_006 }, onlyC)],
      { 'i1.m': [1], 'i2.m': [0, 2] },
    ],
    [
      'leaves it with an owner that is there, however warm others are',
      [
        member('i1.m', {}, { ...onlyC, ...having('c', [0, 1]) }),
        member('i2.m', { 'c 0': 90_000, 'c 1': 90_000 }, { ...onlyC, ...having('c', [2]) }),
      ],
      { 'i1.m': [0, 1], 'i2.m': [2] },
    ],
    [
      'lets who has too much give up what the one who comes has',
      [member('i1.m', {}, { ...onlyC, ...having('c', [0, 1, 2]) }), member('i2.m', { 'c 0': 7 }, onlyC)],
      { 'i1.m': [1, 2], 'i2.m': [0] },
    ],
    [
      'arranges for as many warm places as there can be, not for the first partition alone',
      [
        member('i1.m', { 'c 0': 900_000, 'c 1': 900_000 }, onlyC),
        member('i2.m', { 'c 0': 899_000 }, onlyC),
        member('i3.m', {}, onlyC),
      ],
      { 'i1.m': [1], 'i2.m': [0], 'i3.m': [2] },
    ],
    [
      'gives the odd one to whom it makes warm',
      [member('i1.m', {}, onlyC), member('i2.m', { 'c 0': 1, 'c 1': 1, 'c 2': 1 }, onlyC)],
      { 'i1.m': [2], 'i2.m': [0, 1] },
    ],
    [
      'does as before where members say nothing of their state',
      [
        member('i1.m', {}, { ...onlyC, state: undefined as never }),
        member('i2.m', {}, { ...onlyC, state: undefined as never }),
      ],
      { 'i1.m': [0, 2], 'i2.m': [1] },
    ],
  ])('%s', (_what, members, expected) => {
    expect(ownersOf(assignGroup(members, partitionsOf), 'c')).toEqual(expected);
  });

  it('counts all changelogs of topics that are joined', () => {
    const members = [member('i1.m', { 'a 0': 100_000 }), member('i2.m', { 'a 0': 60_000, 'b 0': 60_000 })];
    expect(owned(assignGroup(members, partitionsOf).get('i2.m')!, 'a')).toContain(0);
  });

  it('names no standbys unless a member wants some, and none of what has no state', () => {
    const members = (standbyReplicas: number) => [
      member('i1.m', {}, { standbyReplicas }),
      member('i2.m', {}, { standbyReplicas: 0 }),
    ];
    expect(assignGroup(members(0), partitionsOf).get('i1.m')!.notice).not.toHaveProperty('standbys');
    const { standbys } = assignGroup(members(1), partitionsOf).get('i2.m')!.notice;
    expect(Object.keys(standbys!).sort()).toEqual(STATEFUL);
  });

  it('has as many copies as there are other instances, however many members they have', () => {
    const members = [member('i1.m1', {}, { standbyReplicas: 3 }), member('i1.m2'), member('i2.m1'), member('i2.m2')];
    const assigned = assignGroup(members, partitionsOf);
    const copies = Object.values(standbysOf(assigned, 'a')).flat();
    expect(copies.sort()).toEqual(Array.from({ length: PARTITIONS }, (_, p) => p));
    expect(
      Object.values(standbysOf(assignGroup([member('i1.m1'), member('i1.m2')], partitionsOf), 'a')).flat(),
    ).toEqual([]);
  });

  it('spreads the copies of one owner over several, so that several take over', () => {
    const members = ['i1.m', 'i2.m', 'i3.m'].map((name) => member(name));
    const assigned = assignGroup(members, partitionsOf);
    for (const [name, of] of Object.entries(ownersOf(assigned, 'a'))) {
      const takers = Object.entries(standbysOf(assigned, 'a')).filter(([, held]) => held.some((p) => of.includes(p)));
      expect(takers.map(([taker]) => taker)).not.toContain(name);
      if (of.length > 1) expect(takers).toHaveLength(2);
    }
  });
});

describe('a group with state, through any history', () => {
  const names = ['i1.m1', 'i1.m2', 'i2.m1', 'i3.m1', 'i4.m1', 'i5.m1'];
  const change = fc.record({
    members: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
    replicas: fc.nat(3),
    /** Whose disks are lost. */
    lost: fc.uniqueArray(fc.constantFrom('i1', 'i2', 'i3', 'i4', 'i5'), { maxLength: 1 }),
  });

  it('has one owner for each partition, evenly, the copies elsewhere, warm ones first, and nothing moves without need', () => {
    let warmTakeovers = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 2, maxLength: 8 }), (changes) => {
        const disks = new Map<string, Record<string, number>>();
        let before: ReadonlyMap<string, MemberAssignment> = new Map();
        let clock = 0;
        for (const { members, replicas, lost } of changes) {
          for (const instance of lost) disks.delete(instance);
          const assign = () =>
            assignGroup(
              members.map((name) =>
                member(name, disks.get(instanceOf(name)) ?? {}, {
                  standbyReplicas: replicas,
                  owned: before.get(name)?.partitions ?? [],
                  generation: clock,
                  standbys: before.get(name)?.notice.standbys ?? {},
                }),
              ),
              partitionsOf,
            );
          const after = assign();
          for (const [topic, count] of Object.entries(TOPICS)) {
            const all = ownersOf(after, topic);
            expect(Object.values(all).flat().sort()).toEqual(Array.from({ length: count }, (_, p) => p));
            const counts = Object.values(all).map(({ length }) => length);
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
            const copies = standbysOf(after, topic);
            const instances = new Set(members.map(instanceOf)).size;
            for (let partition = 0; partition < count; partition++) {
              const keepers = [all, copies].map((of) =>
                Object.keys(of).filter((name) => of[name]!.includes(partition)),
              );
              const wanted = STATEFUL.includes(topic) ? Math.min(replicas, instances - 1) : 0;
              expect(keepers.map(({ length }) => length)).toEqual([1, wanted]);
              expect(new Set(keepers.flat().map(instanceOf)).size).toBe(1 + wanted);
              // Whoever takes over cold: nobody who has it had room for it instead of something that it took cold itself.
              const [owner] = keepers[0] as [string];
              const place = `${topic} ${partition}`;
              const had = (name: string, at = place) => disks.get(instanceOf(name))?.[at] !== undefined;
              const isNew = (name: string, p: number) =>
                !before.get(name)?.partitions.some((each) => each.topic === topic && each.partition === p);
              if (!STATEFUL.includes(topic) || topic === 'b' || !isNew(owner, partition)) continue;
              if (had(owner)) warmTakeovers++;
              const wasOwned = [...before].some(
                ([name, { partitions }]) =>
                  members.includes(name) &&
                  partitions.some((each) => each.topic === topic && each.partition === partition),
              );
              if (had(owner) || wasOwned) continue;
              for (const other of members.filter((name) => had(name))) {
                const cold = all[other]!.filter((p) => isNew(other, p) && !had(other, `${topic} ${p}`));
                expect(cold, `${other} could have had ${place}`).toEqual([]);
              }
            }
          }
          // Everyone reads and restores; what was there before grows old.
          clock++;
          const behind = clock * 100_000;
          for (const [name, { partitions, notice }] of after) {
            const instance = instanceOf(name);
            const disk = disks.get(instance) ?? {};
            for (const { topic, partition } of partitions)
              if (STATEFUL.includes(topic)) disk[`${topic} ${partition}`] = behind;
            for (const [topic, of] of Object.entries(notice.standbys ?? {})) {
              if (STATEFUL.includes(topic)) for (const partition of of) disk[`${topic} ${partition}`] = behind;
            }
            disks.set(instance, disk);
          }
          before = after;
          const again = assign();
          for (const topic of Object.keys(TOPICS)) {
            expect(ownersOf(again, topic)).toEqual(ownersOf(after, topic));
            const [now, next] = [standbysOf(after, topic), standbysOf(again, topic)];
            // Copies move where that makes their numbers more even, and for nothing else.
            if (unevenness(next) >= unevenness(now)) expect(byInstance(next)).toEqual(byInstance(now));
          }
        }
      }),
      { numRuns: process.env.CI === undefined ? 100 : 500 },
    );
    expect(warmTakeovers).toBeGreaterThan(100);
  });
});
