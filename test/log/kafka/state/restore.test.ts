import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resetMarks } from '../../../../src/log/kafka/state/changelog-record.ts';
import { type Restoration, restore } from '../../../../src/log/kafka/state/restore.ts';
import type { RestoreProgress } from '../../../../src/log/kafka/state/restore-progress.ts';
import { RecordBatch } from '../../../../src/log/record-batch.ts';
import { RecordBuffer } from '../../../../src/log/record-buffer.ts';
import { type Change, ChangelogUnderTest } from './changelog-under-test.ts';
import { LocalStateUnderTest } from './local-state-under-test.ts';

const place = { topic: 'g-in-changelog', partition: 2 };
const HOUR_MS = 3_600_000;
const put = (key: string, value: string | null, store = 's'): Change => ({ store, partition: 2, key, value });

describe('a restore', () => {
  let under: LocalStateUnderTest;
  let changelog: ChangelogUnderTest;
  let now: number;
  let rebuilds: string[];
  let progress: RestoreProgress[];
  let fetched: number[];
  beforeEach(async () => {
    under = new LocalStateUnderTest();
    changelog = new ChangelogUnderTest();
    now = 1_700_000_000_000;
    [rebuilds, progress, fetched] = [[], [], []];
    changelog.append([put('a', '1'), put('b', '1'), put('a', '2', 't')]);
    changelog.append([put('b', null), put('c', '3')]);
    await restored();
    fetched = [];
  });
  afterEach(() => under.remove());

  const restored = (more: Partial<Restoration> = {}) =>
    restore({
      kind: 'owner',
      local: under.local,
      reader: {
        fetch: (from, offset) => {
          fetched.push(offset);
          return changelog.fetch(from, offset);
        },
        endOf: () => changelog.endOf(),
      },
      group: 'g',
      changelog: place,
      stores: ['s', 't'],
      statePartition: 2,
      topicId: 'id',
      start: 0,
      end: changelog.end,
      deleteRetentionMs: 24 * HOUR_MS,
      clock: () => now,
      pause: async () => {},
      requireWanted: () => {},
      onProgress: (each) => void progress.push(each),
      onRebuild: (_changelog, because) => void rebuilds.push(because),
      ...more,
    });
  const rows = () => Object.fromEntries(under.rows('g', ['s', 't', 'u'], [2]));

  it('reads all of a changelog where nothing is here, and says so in progress, not in a warning', () => {
    expect(rows()).toEqual({ 's 2 a': '1', 's 2 c': '3', 't 2 a': '2' });
    expect(under.local.position(place)).toEqual({ topicId: 'id', offset: 7, currentAt: now, isPartial: false });
    expect(rebuilds).toEqual([]);
    const whole = { ...place, group: 'g', kind: 'owner', fromOffset: 0, endOffset: 7 };
    expect(progress).toEqual([
      { ...whole, isOver: false, offset: 0, records: 0, bytes: 0 },
      { ...whole, isOver: true, offset: 7, records: 5, bytes: expect.any(Number) },
    ]);
    expect(progress[1]!.bytes).toBeGreaterThan(0);
  });

  it('reads the tail only where a position is here, after a restart as well', async () => {
    changelog.append([put('a', '9')]);
    await under.restart();
    await restored();
    expect(fetched).toEqual([7]);
    expect(rows()).toMatchObject({ 's 2 a': '9', 's 2 c': '3' });
  });

  it('asks nothing where the position is at the end', async () => {
    await restored();
    expect(fetched).toEqual([]);
  });

  it.each<[string, Partial<Restoration>, RegExp]>([
    ['another topic of the same name', { topicId: 'another' }, /made anew/],
    ['a position below the first offset held', { start: 8, end: 20 }, /begins at 8, behind 7/],
  ])('builds anew, with a warning: %s', async (_what, changed, because) => {
    changelog = new ChangelogUnderTest();
    changelog.end = changed.start ?? 0;
    changelog.append([put('z', 'new')]);
    while (changelog.end < (changed.end ?? 0)) changelog.append([]);
    await restored(changed);
    expect(rows()).toEqual({ 's 2 z': 'new' });
    expect(rebuilds).toEqual([expect.stringMatching(because)]);
    expect(under.local.position(place)).toMatchObject({ isPartial: false, offset: changed.end ?? 2 });
  });

  it('refuses a changelog that ends before the position: the brokers have lost what they had acknowledged', async () => {
    const before = rows();
    changelog = new ChangelogUnderTest();
    changelog.append([put('a', '1'), put('c', '2'), put('a', '3')]);
    await expect(restored()).rejects.toMatchObject({
      code: 'STATE_MISMATCH',
      message: expect.stringMatching(/ends at 4, and g has committed to it up to 7.*headrace reset g/),
    });
    expect(rows()).toEqual(before);
  });

  it('builds anew what is older than half of the time for which tombstones stay: one may be gone', async () => {
    changelog.append([put('c', null), put('d', '4')]);
    changelog.compact(changelog.end, now, 24 * HOUR_MS);
    now += 24 * HOUR_MS;
    changelog.compact(changelog.end, now, 24 * HOUR_MS);
    await restored();
    expect(rebuilds).toEqual([expect.stringMatching(/tombstones/)]);
    expect(rows()).toEqual({ 's 2 a': '1', 't 2 a': '2', 's 2 d': '4' });
  });

  it('goes on with the tail up to that age, and at any age where nothing but a marker was written', async () => {
    changelog.append([put('d', '4')]);
    now += 12 * HOUR_MS;
    await restored();
    now += 1_000 * HOUR_MS;
    await restored();
    changelog.end++;
    await restored();
    expect(rebuilds).toEqual([]);
    expect(fetched).toEqual([7, 9]);
  });

  it('waits until the last stable offset has passed the end, asking ever less often', async () => {
    changelog.append([put('d', '4')]);
    changelog.lastStableOffset = 7;
    const pauses: number[] = [];
    await restored({
      pause: async (milliseconds) => {
        pauses.push(milliseconds);
        if (pauses.length === 7) changelog.lastStableOffset = Number.POSITIVE_INFINITY;
      },
    });
    expect(pauses).toEqual([10, 20, 40, 80, 160, 200, 200]);
    expect(rows()).toMatchObject({ 's 2 d': '4' });
  });

  it('ends where nobody wants the partition any more, and goes on from there the next time', async () => {
    changelog.append(Array.from({ length: 500 }, (_, i) => put(`k${i}`, 'v')));
    const fenced = new Error('fenced');
    const requireWanted = () => {
      if (progress.length > 4) throw fenced;
    };
    await expect(restored({ requireWanted, stepBytes: 1 })).rejects.toBe(fenced);
    const { offset } = under.local.position(place)!;
    expect(offset).toBeGreaterThan(7);
    expect(progress.at(-1)).toMatchObject({ isOver: true, offset });
    expect(offset).toBeLessThan(progress.at(-1)!.endOffset);
    fetched = [];
    await restored();
    expect(fetched[0]).toBe(offset);
    expect(Object.keys(rows())).toHaveLength(503);
  });

  it('waits for another restore of the same changelog: the later one finds all of it done', async () => {
    changelog.append(Array.from({ length: 300 }, (_, i) => put('k', `${i}`)));
    const halfWay = changelog.end;
    changelog.append([put('k', 'last')]);
    await Promise.all([restored({ stepBytes: 1 }), restored({ stepBytes: 1, end: halfWay })]);
    expect(rows()).toMatchObject({ 's 2 k': 'last' });
    expect(fetched).toEqual([...new Set(fetched)]);
    const failingReader = { fetch: () => Promise.reject(new Error('away')), endOf: async () => 0 };
    const failing = restored({ topicId: 'another', reader: failingReader });
    const behind = restored({ topicId: 'another' });
    await expect(failing).rejects.toThrow('away');
    await behind;
    expect(rows()).toMatchObject({ 's 2 k': 'last' });
  });

  it('deletes only what hangs on the changelog when it builds anew', async () => {
    const other = { store: 'u', partition: 2, entries: [['k', Buffer.from('v')] as const] };
    const position = { topicId: 'id', offset: 1, currentAt: now, isPartial: false };
    under.local.apply('g', [{ topic: 'g-other-changelog', partition: 2, changes: [other], fromOffset: 0, position }]);
    changelog = new ChangelogUnderTest();
    await restored({ topicId: 'another' });
    expect(rows()).toEqual({ 'u 2 k': 'v' });
  });

  it('refuses a changelog to which something else has written', async () => {
    const buffer = new RecordBuffer();
    buffer.append(0, Uint8Array.of(9, 1), null, []);
    const [{ bytes, count }] = buffer.batches() as [{ bytes: Buffer; count: number }];
    const foreign = [new RecordBatch(place.topic, place.partition, 0, 6, bytes, count)];
    const reader = { fetch: async () => ({ batches: foreign, nextOffset: 7 }), endOf: async () => 7 };
    await expect(restored({ reader, topicId: 'another' })).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    expect(under.local.position(place)).toMatchObject({ isPartial: true, offset: 0 });
  });

  describe('for a standby', () => {
    const standby = (more: Partial<Restoration> = {}) =>
      restored({ kind: 'standby', end: Math.min(changelog.end, changelog.lastStableOffset), ...more });

    it('reads what is committed and waits for nothing: the owner goes on from there', async () => {
      changelog.append([put('d', '4')]);
      changelog.lastStableOffset = changelog.end;
      changelog.append([put('d', '5')]);
      await standby();
      expect(rows()).toMatchObject({ 's 2 d': '4' });
      expect(under.local.position(place)).toMatchObject({ offset: 9, isPartial: false });
      // The end moved back behind what was asked for, as a new leader may tell it for a moment.
      await standby({ end: 11 });
      expect(under.local.position(place)).toMatchObject({ offset: 9 });
      changelog.lastStableOffset = Number.POSITIVE_INFINITY;
      fetched = [];
      await restored();
      expect([fetched, rows()]).toMatchObject([[9], { 's 2 d': '5' }]);
    });

    it('takes one step at a time, so that the others get theirs', async () => {
      changelog.append(Array.from({ length: 200 }, (_, i) => put(`k${i}`, 'v')));
      await standby({ stepBytes: 1 });
      const { offset } = under.local.position(place)!;
      expect(offset).toBeLessThan(changelog.end);
      expect(progress.at(-1)).toMatchObject({ kind: 'standby', offset, isOver: false });
      while (under.local.position(place)!.offset < changelog.end) await standby({ stepBytes: 1 });
      expect(Object.keys(rows())).toHaveLength(203);
    });

    it('does nothing where a member holds the changelog; the next owner waits until that one lets go', async () => {
      const [first, second] = [{}, {}];
      await restored({ holder: first });
      changelog.append([put('d', '4')]);
      await standby();
      expect(rows()).not.toHaveProperty('s 2 d');
      let pauses = 0;
      const pause = async () => {
        if (++pauses === 3) under.local.holders.keepOnly([], first);
      };
      await restored({ holder: second, pause });
      expect([pauses, rows()]).toMatchObject([3, { 's 2 d': '4' }]);
      expect(under.local.holders.holderOf(place)).toBe(second);
    });

    it('drops what stands before the mark of a reset', async () => {
      const marked = new RecordBatch(place.topic, place.partition, 0, 9, ...markOf());
      changelog.append([put('a', 'before')]);
      const reader = {
        fetch: async (from: typeof place, offset: number) => {
          const { batches } = await changelog.fetch(from, offset);
          return { batches: [...batches, marked], nextOffset: 11 };
        },
        endOf: async () => 11,
      };
      await standby({ reader, end: 11 });
      expect(rows()).toEqual({});
      expect(under.local.position(place)).toMatchObject({ offset: 11, isPartial: false });
    });

    it('is not spoilt by a commit that is applied late, between two transactions of a step', async () => {
      const member = {};
      await restored({ holder: member });
      // The member commits to offset 7 and loses the partition; its next owner goes on behind it.
      const late = changelog.end;
      changelog.append([put('a', 'late'), put('z', 'late')]);
      under.local.holders.keepOnly([], member);
      changelog.append([put('a', 'newer'), put('z', 'newer')]);
      const entries = [['a', Buffer.from('late')] as const, ['z', Buffer.from('late')] as const];
      const position = { topicId: 'id', offset: late + 2, currentAt: now, isPartial: false };
      let pauses = 0;
      const pause = async () => {
        if (++pauses !== 1) return;
        const changes = [{ store: 's', partition: 2, entries }];
        under.local.apply('g', [{ ...place, changes, fromOffset: late, position, holder: member }]);
      };
      await standby({ transactionRecords: 2, pause });
      expect(pauses).toBe(1);
      expect(rows()).toMatchObject({ 's 2 a': 'newer', 's 2 z': 'newer' });
    });
  });
});

function markOf(): [bytes: Buffer, count: number] {
  const [{ bytes, count }] = resetMarks(0).batches() as [{ bytes: Buffer; count: number }];
  return [Buffer.from(bytes), count];
}
