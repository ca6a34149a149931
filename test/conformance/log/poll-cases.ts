import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, drain, type LogUnderTest, type OpenLog, record, topic } from './log-under-test.ts';

export function pollCases(open: OpenLog): void {
  let under: LogUnderTest;
  beforeEach(async () => {
    under = await open();
    await under.log.createTopics([
      topic('a', { partitions: 6 }),
      topic('b', { partitions: 6 }),
      topic('c', { partitions: 4 }),
      topic('u'),
    ]);
  });
  afterEach(() => under.dispose());

  const join = (member: string, topicSets: readonly (readonly string[])[] = [['a', 'b'], ['c']], group = 'g') =>
    under.log.join({ group, member, topicSets });
  describe('poll', () => {
    it('goes on from what it handed out, and never shows what is not committed', async () => {
      const member = await join('m');
      await drain(member);
      const appended = under.log.append([record('a', 'k', '1')]);
      if (!under.isRemote) expect((await member.poll({ maxRecords: 10, timeoutMs: 0 })).batches).toEqual([]);
      await appended;
      expect((await drain(member)).records).toEqual(['a-0 0 k=1']);
      await under.log.append([record('a', 'k', '2')]);
      expect((await drain(member)).records).toEqual(['a-0 1 k=2']);
    });

    it('waits for a commit, or for its time', async () => {
      const member = await join('m');
      await drain(member);
      expect((await member.poll({ maxRecords: 10, timeoutMs: 20 })).batches).toEqual([]);
      const waiting = member.poll({ maxRecords: 10, timeoutMs: 1_000_000 });
      await under.log.append([record('c', 'k', 'now')]);
      const { batches } = await waiting;
      expect(batches.map(({ topic, partition, length }) => [topic, partition, length])).toEqual([['c', 0, 1]]);
    });

    it('carries the epoch, hands out about as many records as asked, and starves no partition', async () => {
      const member = await join('m');
      const { epoch } = await drain(member);
      const records = [0, 1, 2, 3].flatMap((partition) =>
        Array.from({ length: 3_000 }, (_, i) => record('c', null, `${i}`, { partition })),
      );
      await under.log.append(records);
      const counts = [0, 0, 0, 0];
      for (let polls = 0; polls < (under.isRemote ? 10 : 3); polls++) {
        const { batches } = await member.poll({ maxRecords: 2_000, timeoutMs: 0 });
        let handedOut = 0;
        for (const batch of batches) {
          expect(batch.epoch).toBe(epoch);
          counts[batch.partition]! += batch.length;
          handedOut += batch.length;
        }
        expect(handedOut).toBeLessThanOrEqual(2_000 + 4 * 1_000);
      }
      for (const count of counts) expect(count).toBeGreaterThan(0);
      const rest = await drain(member);
      expect(rest.records.length + counts.reduce((sum, count) => sum + count, 0)).toBe(12_000);
    });

    it('hands out as much of a partition as is wanted at least, and starves none of the others', async () => {
      const member = await join('m');
      await drain(member);
      for (let i = 0; i < 4; i++) {
        const ofPartition = (partition: number) =>
          Array.from({ length: 100 }, () => record('c', null, `${i}`, { partition }));
        await under.log.append([0, 1, 2, 3].flatMap(ofPartition));
      }
      const polled: (readonly (readonly [partition: number, count: number])[])[] = [];
      for (let polls = 0; polls < 4; polls++) {
        const { batches } = await member.poll({ maxRecords: 400, shareMin: 200, timeoutMs: 0 });
        const counts = new Map<number, number>();
        for (const { partition, length } of batches) counts.set(partition, (counts.get(partition) ?? 0) + length);
        polled.push([...counts]);
      }
      // A network fetches in its own way, and need not heed it.
      if (!under.isRemote) {
        expect(polled.map((counts) => counts.map(([, count]) => count))).toEqual(
          Array.from({ length: 4 }, () => [200, 200]),
        );
        const partitions = polled.map((counts) => counts.map(([partition]) => partition));
        expect([...partitions[0]!, ...partitions[1]!].toSorted()).toEqual([0, 1, 2, 3]);
        expect([...partitions[2]!, ...partitions[3]!].toSorted()).toEqual([0, 1, 2, 3]);
      }
      const rest = await drain(member);
      expect(rest.records.length + polled.flat().reduce((sum, [, count]) => sum + count, 0)).toBe(1_600);
    });

    it('returns nothing of paused partitions until they are resumed', async () => {
      const member = await join('m');
      await drain(member);
      const paused = { topic: 'a', partition: 0 };
      member.pause([paused]);
      await under.log.append([record('a', 'k', '1'), record('a', 'k', '2', { partition: 1 })]);
      expect((await drain(member)).records).toEqual(['a-1 0 k=2']);
      // What a partition has that nobody asks for is not known over a network.
      expect([member.isCaughtUp(paused), member.lag(paused)]).toEqual([false, under.isRemote ? 0 : 1]);
      member.resume([paused]);
      expect((await drain(member)).records).toEqual(['a-0 0 k=1']);
      expect([member.isCaughtUp(paused), member.lag(paused)]).toEqual([true, 0]);
    });

    it('knows who is caught up as of the poll, not as of now', async () => {
      const member = await join('m');
      await drain(member);
      const place = { topic: 'a', partition: 0 };
      expect(member.isCaughtUp(place)).toBe(true);
      await under.log.append([record('a', 'k', '1')]);
      expect([member.isCaughtUp(place), member.lag(place)]).toEqual([true, under.isRemote ? 0 : 1]);
      await member.poll({ maxRecords: 10, timeoutMs: 0 });
      expect([member.isCaughtUp(place), member.lag(place)]).toEqual([true, 0]);
      await under.log.append(Array.from({ length: 5_000 }, (_, i) => record('a', 'k', `${i}`)));
      await member.poll({ maxRecords: 1, timeoutMs: 0 });
      expect(member.isCaughtUp(place)).toBe(false);
      await drain(member);
      expect(member.isCaughtUp(place)).toBe(true);
    });

    it('seeks to any offset, also into the middle of a batch', async () => {
      const member = await join('m');
      await drain(member);
      await under.log.append([1, 2, 3, 4].map((i) => record('a', 'k', `${i}`)));
      await drain(member);
      const place = { topic: 'a', partition: 0 };
      member.seek(place, 2);
      expect(member.lag(place)).toBe(2);
      expect((await drain(member)).records).toEqual(['a-0 2 k=3', 'a-0 3 k=4']);
      member.seek(place, 0);
      expect((await drain(member)).records).toHaveLength(4);
      expect(await codeOf(() => member.seek(place, 5))).toBe('OFFSET_OUT_OF_RANGE');
      expect(await codeOf(() => member.seek(place, -1))).toBe('OFFSET_OUT_OF_RANGE');
      expect(await codeOf(() => member.seek({ topic: 'nope', partition: 0 }, 0))).toBe('PARTITION_UNKNOWN');
      expect(await codeOf(() => member.pause([{ topic: 'a', partition: 9 }]))).toBe('PARTITION_UNKNOWN');
    });
  });

  describe('awaitCommit', () => {
    it('resolves at the next commit, not before', async () => {
      await under.log.append([record('u', 'k', 'before')]);
      let isResolved = false;
      const waiting = under.log.awaitCommit(1_000_000).then(() => {
        isResolved = true;
      });
      await Promise.resolve();
      expect(isResolved).toBe(false);
      await under.log.append([record('u', 'k', 'now')]);
      await waiting;
      expect(isResolved).toBe(true);
    });

    it('resolves after its time where nothing happens', async () => {
      await under.log.awaitCommit(20);
    });
  });
}
