import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Member } from '../../../src/log/log.ts';
import { bufferOf, codeOf, drain, type LogUnderTest, type OpenLog, readAll, record, topic } from './log-under-test.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export function retentionCases(open: OpenLog): void {
  let under: LogUnderTest;
  beforeEach(async () => {
    under = await open();
  });
  afterEach(() => under.dispose());

  const maintain = () => {
    for (let steps = 0; under.log.maintain(); steps++) expect(steps).toBeLessThan(1_000);
  };
  const append = async (name: string, ...texts: readonly string[]) => {
    for (const text of texts) {
      const [key, value] = text.split('=') as [string, string];
      await under.log.append([record(name, key, value === 'null' ? null : value)]);
    }
  };
  const reader = async (
    name: string,
    group = 'g',
  ): Promise<{ member: Member; commit: (offset: number) => Promise<void> }> => {
    const member = await under.log.join({ group, member: 'm', topicSets: [[name]] });
    const { epoch } = await drain(member);
    const commit = (offset: number) =>
      member.commit({ epoch, records: [], offsets: [{ topic: name, partition: 0, offset }], stateChanges: [] });
    return { member, commit };
  };
  const startOf = async (name: string) => (await under.log.watermarks(name))[0]!.start;

  describe('retention', () => {
    it('deletes by intake time, never by the timestamp of records', async () => {
      await under.log.createTopics([topic('t', { retentionMs: 1_000 })]);
      under.nowMs = 1_000_000;
      await under.log.append([record('t', 'k', 'of 1993', { timestamp: 725_846_400_000 })]);
      await under.log.append([record('t', 'k', 'ahead', { timestamp: 4_102_444_800_000 })]);
      maintain();
      expect(await startOf('t')).toBe(0);
      under.nowMs += 900;
      await append('t', 'k=young');
      under.nowMs += 200;
      maintain();
      expect(await readAll(under.log, 't')).toEqual(['2 k=young']);
      expect(await codeOf(under.log.read('t', 0, 1))).toBe('OFFSET_OUT_OF_RANGE');
      under.nowMs += 1_000;
      maintain();
      expect((await under.log.watermarks('t'))[0]).toEqual({ topic: 't', partition: 0, start: 3, end: 3 });
      await under.crash();
      expect(await under.log.append([record('t', 'k', 'next')])).toEqual([{ topic: 't', partition: 0, offset: 3 }]);
    });

    it('deletes by size, from the front', async () => {
      await under.log.createTopics([topic('t', { retentionBytes: 10_000 }), topic('all')]);
      for (let i = 0; i < 30; i++)
        await under.log.append([record('t', 'k', 'x'.repeat(1_000)), record('all', 'k', `${i}`)]);
      maintain();
      const held = await readAll(under.log, 't');
      expect(held.length).toBeGreaterThan(5);
      expect(held.length).toBeLessThan(11);
      expect(held.at(-1)).toMatch(/^29 /);
      expect(await startOf('all')).toBe(0);
    });

    it('never passes the slowest group, committed or only joined', async () => {
      await under.log.createTopics([topic('t', { retentionMs: 0 })]);
      await append('t', 'k=0', 'k=1', 'k=2', 'k=3');
      const fast = await reader('t', 'fast');
      const slow = await reader('t', 'slow');
      await fast.commit(4);
      under.nowMs += 1_000;
      maintain();
      expect(await startOf('t')).toBe(0);
      await slow.commit(2);
      maintain();
      expect(await startOf('t')).toBe(2);
      // A group that is gone still comes back to what it has not read.
      await slow.member.leave();
      await under.crash();
      maintain();
      expect(await startOf('t')).toBe(2);
      await under.log.resetGroup('slow', { offsets: [{ topic: 't', partition: 0, offset: 4 }], dropsState: false });
      maintain();
      expect(await startOf('t')).toBe(4);
    });

    it('refuses appends to a topic at its limit that a group still needs, and lets commits through', async () => {
      await under.log.createTopics([topic('t', { retentionBytes: 5_000 })]);
      let member = (await reader('t')).member;
      const rejoin = async () => {
        member = await under.log.join({ group: 'g', member: 'm', topicSets: [['t']] });
        return member;
      };
      let appended = 0;
      const fill = async () => {
        for (; appended < 1_000; appended++) {
          const code = await codeOf(under.log.append([record('t', 'k', 'x'.repeat(500))]));
          if (code !== 'no error') return code;
        }
        return 'never';
      };
      expect(await fill()).toBe('LOG_BACKPRESSURE');
      expect(appended).toBeLessThan(15);
      const { epoch } = await drain(await rejoin());
      await member.commit({
        epoch,
        records: [{ topic: 't', partition: 0, buffer: bufferOf('from a member') }],
        offsets: [{ topic: 't', partition: 0, offset: appended }],
        stateChanges: [],
      });
      await under.log.append([record('t', 'k', 'there is room again')]);
      expect(await startOf('t')).toBeGreaterThan(0);
    });

    it('of which nobody needs the front always has room', async () => {
      await under.log.createTopics([topic('t', { retentionBytes: 2_000 })]);
      for (let i = 0; i < 50; i++) await under.log.append([record('t', 'k', 'x'.repeat(500))]);
      expect((await under.log.watermarks('t'))[0]!.end).toBe(50);
      expect(await startOf('t')).toBeGreaterThan(40);
    });
  });

  describe('compaction', () => {
    it('keeps the last record of every key at its offset, and all without a key', async () => {
      await under.log.createTopics([topic('t', { cleanup: 'compact' })]);
      await append('t', 'a=1', 'b=1', 'a=2', 'c=1', 'a=3', 'b=2');
      await under.log.append([
        record('t', null, 'no key'),
        record('t', '', 'empty'),
        record('t', null, 'no key'),
        record('t', '', 'last'),
      ]);
      maintain();
      const kept = ['3 c=1', '4 a=3', '5 b=2', '6 null=no key', '8 null=no key', '9 =last'];
      expect(await readAll(under.log, 't')).toEqual(kept);
      expect((await under.log.watermarks('t'))[0]).toEqual({ topic: 't', partition: 0, start: 0, end: 10 });
      await under.crash();
      expect(await readAll(under.log, 't')).toEqual(kept);
      await append('t', 'c=2');
      under.nowMs += 1_000;
      maintain();
      expect(await readAll(under.log, 't')).toEqual([...kept.slice(1), '10 c=2']);
    });

    it('leaves gaps that readers go over, and who is caught up is known nevertheless', async () => {
      await under.log.createTopics([topic('t', { cleanup: 'compact' })]);
      const { member, commit } = await reader('t');
      const place = { topic: 't', partition: 0 };
      await append('t', 'a=1', 'a=2', 'b=1', 'a=3', 'b=null');
      await drain(member);
      await commit(5);
      under.nowMs += 2 * DAY_MS;
      maintain();
      for (const [offset, next] of [
        [0, 3],
        [1, 3],
        [2, 3],
        [3, 3],
      ] as const) {
        expect((await under.log.read('t', 0, offset))!.offsetAt(0)).toBe(next);
      }
      expect(await under.log.read('t', 0, 4)).toBeNull();
      member.seek(place, 0);
      expect(member.isCaughtUp(place)).toBe(false);
      expect((await drain(member)).records).toEqual(['t-0 3 a=3']);
      expect([member.isCaughtUp(place), member.lag(place)]).toEqual([true, 0]);
    });

    it('drops a tombstone a day after its intake, and what it deleted at once', async () => {
      await under.log.createTopics([topic('t', { cleanup: 'compact' })]);
      await append('t', 'a=1', 'b=1', 'a=null', 'c=');
      maintain();
      expect(await readAll(under.log, 't')).toEqual(['1 b=1', '2 a=null', '3 c=']);
      under.nowMs += DAY_MS - 1;
      maintain();
      expect(await readAll(under.log, 't')).toEqual(['1 b=1', '2 a=null', '3 c=']);
      under.nowMs += 1_000;
      maintain();
      expect(await readAll(under.log, 't')).toEqual(['1 b=1', '3 c=']);
    });

    it('stays below the slowest group', async () => {
      await under.log.createTopics([topic('t', { cleanup: 'compact' })]);
      await append('t', 'a=1', 'a=2', 'a=3', 'a=4');
      const { commit } = await reader('t');
      maintain();
      expect(await readAll(under.log, 't')).toHaveLength(4);
      await commit(2);
      maintain();
      expect(await readAll(under.log, 't')).toEqual(['1 a=2', '2 a=3', '3 a=4']);
    });

    it('of a long log of few keys goes on in steps until it is done', async () => {
      await under.log.createTopics([topic('t', { cleanup: 'compact' })]);
      const records = Array.from({ length: 20_000 }, (_, i) => record('t', `${i % 7}`, `${i}`));
      await under.log.append(records);
      for (let i = 0; i < 150; i++) await append('t', `${i % 3}=late ${i}`);
      maintain();
      const held = await readAll(under.log, 't');
      expect(held).toHaveLength(7);
      expect(held.slice(-3)).toEqual(['20147 0=late 147', '20148 1=late 148', '20149 2=late 149']);
    });
  });
}
