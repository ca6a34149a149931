import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Member } from '../../../src/log/log.ts';
import { bufferOf, codeOf, drain, type LogUnderTest, type OpenLog, record, topic } from './log-under-test.ts';

const namesOf = (partitions: readonly string[]) => partitions.map((text) => text.split('@')[0]);

export function groupCases(open: OpenLog): void {
  let under: LogUnderTest;
  beforeEach(async () => {
    under = await open();
    await under.log.createTopics([
      topic('a', { partitions: 6 }),
      topic('b', { partitions: 6 }),
      topic('c', { partitions: 4 }),
    ]);
  });
  afterEach(() => under.dispose());

  const join = (member: string, topicSets: readonly (readonly string[])[] = [['a', 'b'], ['c']], group = 'g') =>
    under.log.join({ group, member, topicSets });
  const commitOffset = (member: Member, epoch: number, partition: number, offset: number) =>
    member.commit({ epoch, records: [], offsets: [{ topic: 'a', partition, offset }], stateChanges: [] });

  describe('assignment', () => {
    it('gives one member everything, alone in its first poll', async () => {
      await under.log.append([record('a', 'k', 'v')]);
      const member = await join('m');
      const first = await member.poll({ maxRecords: 10, timeoutMs: 0 });
      expect(first.batches).toEqual([]);
      expect(first.assignment!.partitions).toHaveLength(16);
      expect((await member.poll({ maxRecords: 10, timeoutMs: 0 })).assignment).toBeUndefined();
    });

    it('is co-partitioned, spread evenly, complete, and moves as little as it must', async () => {
      const held = new Map<string, readonly string[]>();
      const members = new Map<string, Member>();
      const settle = async () => {
        const before = new Map(held);
        held.clear();
        // The one that came last has its partitions when the others have given them up.
        for (const [name, member] of [...members].reverse()) {
          const drained = await drain(member);
          held.set(name, drained.epoch >= 0 ? (namesOf(drained.partitions) as string[]) : before.get(name)!);
        }
        const all = [...held.values()].flat();
        expect(new Set(all).size).toBe(16);
        expect(all).toHaveLength(16);
        for (const partitions of held.values()) {
          const of = (name: string) =>
            partitions.filter((text) => text.startsWith(`${name}-`)).map((text) => text.slice(2));
          expect(of('a')).toEqual(of('b'));
          expect(Math.abs(of('a').length - 6 / members.size)).toBeLessThan(1);
          expect(Math.abs(of('c').length - 4 / members.size)).toBeLessThan(1);
        }
        let moved = 0;
        for (const [name, partitions] of held)
          moved += partitions.filter((text) => !(before.get(name) ?? []).includes(text)).length;
        return moved;
      };
      for (const name of ['m1', 'm2', 'm3', 'm4']) {
        members.set(name, await join(name));
        const moved = await settle();
        // Nothing moves between those who were there: only the new one gains.
        expect(moved).toBe(held.get(name)!.length);
      }
      const gone = held.get('m2')!.length;
      await members.get('m2')!.leave();
      members.delete('m2');
      expect(await settle()).toBe(gone);
      const kept = held.get('m3')!;
      members.set('m3', await join('m3'));
      await settle();
      expect(held.get('m3')).toEqual(kept);
    });

    it('leaves the epoch of a member alone whose partitions stay', async () => {
      const first = await join('m1');
      const second = await join('m2');
      await drain(second);
      const { epoch, partitions } = await drain(first);
      await join('m2');
      expect((await first.poll({ maxRecords: 1, timeoutMs: 0 })).assignment).toBeUndefined();
      const owned = partitions.find((text) => text.startsWith('a-'))!;
      await commitOffset(first, epoch, Number(owned.slice(2, 3)), 0);
    });

    it('with more members than partitions leaves some with nothing, and they wait', async () => {
      const members = await Promise.all(['m1', 'm2', 'm3', 'm4', 'm5'].map((name) => join(name, [['c']])));
      const counts: number[] = [];
      for (const member of members) counts.push((await drain(member)).partitions.length);
      expect(counts.sort()).toEqual([0, 1, 1, 1, 1]);
    });

    it('refuses sets that cannot be co-partitioned', async () => {
      expect(await codeOf(join('m', [['a', 'c']]))).toBe('TOPIC_MISMATCH');
      expect(await codeOf(join('m', [['a'], ['a', 'b']]))).toBe('TOPIC_MISMATCH');
      expect(await codeOf(join('m', [['nope']]))).toBe('TOPIC_UNKNOWN');
      await join('other', [['a', 'b']]);
      const joined = join('m', [['a']]);
      if (under.isRemote !== true) expect(await codeOf(joined)).toBe('TOPIC_MISMATCH');
      // Over several processes that is also what a changed topology is like while it is rolled out: who joins otherwise waits.
      else expect(await drain(await joined)).toMatchObject({ partitions: [], records: [] });
    });

    it('wakes a member that waits for records', async () => {
      const first = await join('m1');
      await drain(first);
      const waiting = first.poll({ maxRecords: 1, timeoutMs: 1_000_000 });
      await join('m2');
      expect((await waiting).assignment!.partitions).toHaveLength(8);
    });

    it('starts at the committed offset, or at the first offset held', async () => {
      await under.log.append([1, 2, 3].map((i) => record('a', 'k', `${i}`)));
      const first = await join('m1');
      const { epoch, records } = await drain(first);
      expect(records).toEqual(['a-0 0 k=1', 'a-0 1 k=2', 'a-0 2 k=3']);
      await commitOffset(first, epoch, 0, 2);
      await first.leave();
      const drained = await drain(await join('m2'));
      expect(drained.partitions).toContain('a-0@2');
      expect(drained.partitions).toContain('a-1@0');
      expect(drained.records).toEqual(['a-0 2 k=3']);
    });

    it('a partition that stays keeps its end: it can be sought where it was polled, also right after a new assignment', async () => {
      const first = await join('m1', [['a']]);
      // The end of the partition as the first assignment hears it is its beginning.
      const { epoch } = await drain(first);
      await under.log.append([1, 2, 3].map((i) => record('a', 'k', `${i}`)));
      expect((await drain(first)).records).toHaveLength(3);
      await commitOffset(first, epoch, 0, 2);
      await join('m2', [['a']]);
      const { assignment } = await first.poll({ maxRecords: 1, timeoutMs: 1_000_000 });
      expect(assignment!.partitions).toContainEqual({ topic: 'a', partition: 0, offset: 2 });
      first.seek({ topic: 'a', partition: 0 }, 3);
      await under.log.append([record('a', 'k', '4')]);
      expect((await drain(first)).records).toEqual(['a-0 3 k=4']);
    });

    it('takes nothing for itself of another group', async () => {
      await under.log.append([record('a', 'k', 'v')]);
      const mine = await join('m');
      const { epoch } = await drain(mine);
      await commitOffset(mine, epoch, 0, 1);
      expect((await drain(await join('m', [['a', 'b']], 'h'))).records).toEqual(['a-0 0 k=v']);
      expect(await under.log.groups()).toEqual(['g', 'h']);
      await under.reopen();
      expect(await under.log.groups()).toEqual(['g', 'h']);
      expect(await under.log.committedOffsets('h')).toEqual([]);
    });
  });

  describe('fencing', () => {
    it('a second member of the same name fences the first, with nothing written', async () => {
      const first = await join('m');
      const { epoch } = await drain(first);
      const second = await join('m');
      expect(await codeOf(commitOffset(first, epoch, 0, 0))).toBe('MEMBER_FENCED');
      expect(await codeOf(first.poll({ maxRecords: 1, timeoutMs: 0 }))).toBe('MEMBER_FENCED');
      await first.leave();
      const drained = await drain(second);
      expect(drained.epoch).toBeGreaterThan(epoch);
      expect(drained.partitions).toHaveLength(16);
      expect(await under.log.committedOffsets('g')).toEqual([]);
      await commitOffset(second, drained.epoch, 0, 0);
    });

    it('a zombie whose partitions went to another writes nothing, and learns it by its next poll', async () => {
      await under.log.append([0, 1, 2, 3, 4, 5].map((partition) => record('a', 'k', 'v', { partition })));
      const zombie = await join('m1');
      const old = await drain(zombie);
      const other = await join('m2');
      let theirs = under.isRemote ? await drain(other) : undefined;
      const queued = codeOf(
        zombie.commit({
          epoch: old.epoch,
          records: [{ topic: 'c', partition: 0, buffer: bufferOf('from a zombie') }],
          offsets: [{ topic: 'a', partition: 5, offset: 1 }],
          stateChanges: [{ store: 's', partition: 0, entries: [['k', Buffer.from('zombie')]] }],
        }),
      );
      expect(await queued).toBe('MEMBER_FENCED');
      expect(await under.log.committedOffsets('g')).toEqual([]);
      expect((await under.log.watermarks('c'))[0]!.end).toBe(0);
      expect(zombie.state.partition('s', 0).get('k')).toBeUndefined();
      const { epoch, partitions } = await drain(zombie);
      expect(epoch).toBeGreaterThan(old.epoch);
      expect(partitions).toHaveLength(8);
      theirs ??= await drain(other);
      const moved = theirs.partitions.find((text) => text.startsWith('a-'))!;
      expect(await codeOf(commitOffset(zombie, epoch, Number(moved.slice(2, 3)), 1))).toBe('COMMIT_REFUSED');
    });

    it('a commit that waits when its member is fenced is not written', async () => {
      const first = await join('m');
      const { epoch } = await drain(first);
      const queued = codeOf(commitOffset(first, epoch, 0, 0));
      const joined = join('m');
      const outcome = await queued;
      await joined;
      expect(outcome).toBe('MEMBER_FENCED');
      expect(await under.log.committedOffsets('g')).toEqual([]);
    });

    it('a member that left is out, and leaving twice is fine', async () => {
      const member = await join('m');
      const { epoch } = await drain(member);
      const waiting = codeOf(member.poll({ maxRecords: 1, timeoutMs: 1_000_000 }));
      await member.leave();
      await member.leave();
      expect(await waiting).toBe('MEMBER_FENCED');
      expect(await codeOf(commitOffset(member, epoch, 0, 0))).toBe('MEMBER_FENCED');
    });

    it('members do not outlive a stop; the group and its offsets do', async () => {
      const member = await join('m');
      const { epoch } = await drain(member);
      await commitOffset(member, epoch, 0, 0);
      await under.crash();
      expect(await codeOf(member.poll({ maxRecords: 1, timeoutMs: 0 }))).toBe('LOG_CLOSED');
      expect(await under.log.committedOffsets('g')).toContainEqual({ topic: 'a', partition: 0, offset: 0 });
      await under.sessionsEnd?.();
      await under.log.resetGroup('g', { offsets: [], dropsState: false });
    });
  });

  describe('offsets', () => {
    it('are reset only without members, within what is held', async () => {
      await under.log.append([record('a', 'k', '1'), record('a', 'k', '2')]);
      const member = await join('m');
      const { epoch } = await drain(member);
      await commitOffset(member, epoch, 0, 2);
      const reset = (partition: number, offset: number) =>
        under.log.resetGroup('g', { offsets: [{ topic: 'a', partition, offset }], dropsState: false });
      expect(await codeOf(reset(0, 0))).toBe('COMMIT_REFUSED');
      await member.leave();
      expect(await codeOf(reset(0, 3))).toBe('OFFSET_OUT_OF_RANGE');
      expect(await codeOf(reset(9, 0))).toBe('PARTITION_UNKNOWN');
      await reset(0, 1);
      await under.crash();
      expect(await under.log.committedOffsets('g')).toContainEqual({ topic: 'a', partition: 0, offset: 1 });
      expect((await drain(await join('m'))).records).toEqual(['a-0 1 k=2']);
    });
  });
}
