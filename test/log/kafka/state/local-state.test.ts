import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangelogPosition } from '../../../../src/log/kafka/state/local-state.ts';
import { SortedRecords } from '../../../../src/log/kafka/state/sorted-records.ts';
import type { StateChanges } from '../../../../src/log/log.ts';
import { ChangelogUnderTest } from './changelog-under-test.ts';
import { LocalStateUnderTest } from './local-state-under-test.ts';

const changelog = { topic: 'g-in-changelog', partition: 2 };
const at = (offset: number, more: Partial<ChangelogPosition> = {}): ChangelogPosition => ({
  topicId: 'id',
  offset,
  currentAt: 1_000,
  isPartial: false,
  ...more,
});
const put = (key: string, value: string | null, store = 's', partition = 2): StateChanges => ({
  store,
  partition,
  entries: [[key, value === null ? null : Buffer.from(value)]],
});

describe('LocalState', () => {
  let under: LocalStateUnderTest;
  beforeEach(() => {
    under = new LocalStateUnderTest();
  });
  afterEach(() => under.remove());
  const rows = (stores = ['s']) => Object.fromEntries(under.rows('g', stores, [1, 2, 3]));

  it('keeps changes and positions over a restart', async () => {
    expect(under.local.position(changelog)).toBeUndefined();
    under.local.apply('g', [{ ...changelog, changes: [put('a', '1'), put('b', '2')], fromOffset: 0, position: at(3) }]);
    under.local.apply('g', [{ ...changelog, changes: [put('a', null)], fromOffset: 4, position: at(5) }]);
    await under.restart();
    expect(rows()).toEqual({ 's 2 b': '2' });
    expect(under.local.position(changelog)).toEqual(at(5));
    expect([...under.rows('other', ['s'], [2])]).toEqual([]);
  });

  it('leaves out what begins before the position: someone newer has read it, and more', () => {
    under.local.apply('g', [{ ...changelog, changes: [put('a', 'new')], fromOffset: 8, position: at(9) }]);
    under.local.apply('g', [{ ...changelog, changes: [put('a', 'old')], fromOffset: 4, position: at(5) }]);
    expect(rows()).toEqual({ 's 2 a': 'new' });
    expect(under.local.position(changelog)).toEqual(at(9));
  });

  it('leaves out a commit while the state is built anew: its position would skip what is not read yet', () => {
    under.local.setPosition(changelog, at(0, { isPartial: true }));
    under.local.apply('g', [{ ...changelog, changes: [put('a', '1')], fromOffset: 8, position: at(9) }]);
    expect(rows()).toEqual({});
    expect(under.local.position(changelog)).toEqual(at(0, { isPartial: true }));
  });

  it('leaves out the commit of a member that does not hold the changelog any more, and applies the rest of it', () => {
    const [member, other] = [{}, {}];
    const kept = { topic: 'g-in-changelog', partition: 3 };
    for (const place of [changelog, kept]) {
      under.local.setPosition(place, at(4));
      under.local.holders.hold(place, member);
    }
    under.local.holders.keepOnly([kept], member);
    const parts = [
      { ...changelog, changes: [put('a', '1')], fromOffset: 4, position: at(5), holder: member },
      { ...kept, changes: [put('a', '1', 's', 3)], fromOffset: 4, position: at(5), holder: member },
    ];
    under.local.apply('g', parts);
    expect([rows(), under.local.position(changelog)]).toEqual([{ 's 3 a': '1' }, at(4)]);
    under.local.holders.hold(changelog, other);
    under.local.apply('g', parts.slice(0, 1));
    expect(under.local.position(changelog)).toEqual(at(4));
  });

  describe('tails that were read for standbys', () => {
    const places = [2, 3].map((partition) => ({ topic: 'g-in-changelog', partition }));
    const tailOf = async (place: (typeof places)[number], value: string) => {
      const source = new ChangelogUnderTest();
      source.append([{ store: 's', partition: place.partition, key: 'a', value }]);
      const records = new SortedRecords((await source.fetch(place, 0)).batches, 0);
      return { ...place, before: at(0), records, position: at(2) };
    };

    it('are applied together, with their positions', async () => {
      for (const place of places) under.local.setPosition(place, at(0));
      under.local.applyTails('g', await Promise.all(places.map((place) => tailOf(place, '1'))));
      await under.restart();
      expect(rows()).toEqual({ 's 2 a': '1', 's 3 a': '1' });
      expect(places.map((place) => under.local.position(place))).toEqual([at(2), at(2)]);
    });

    it.each<[string, (place: (typeof places)[number]) => unknown]>([
      ['was applied further meanwhile', (place) => under.local.setPosition(place, at(1))],
      ['is of another topic by now', (place) => under.local.setPosition(place, at(0, { topicId: 'new' }))],
      ['is held by a member', (place) => under.local.holders.hold(place, {})],
      ['is being restored', (place) => under.local.holders.exclusively(place, () => new Promise(() => {}))],
    ])('are left out where the changelog %s', async (_what, meanwhile) => {
      for (const place of places) under.local.setPosition(place, at(0));
      const tails = await Promise.all(places.map((place) => tailOf(place, '1')));
      void meanwhile(places[0]!);
      under.local.applyTails('g', tails);
      expect(rows()).toEqual({ 's 3 a': '1' });
      expect(under.local.position(places[1]!)).toEqual(at(2));
      expect(under.local.position(places[0]!)).not.toEqual(at(2));
    });
  });

  it('applies all changelogs of a commit or none, and forgets stores that were to be new', () => {
    const broken: StateChanges = {
      store: 'new',
      partition: 3,
      entries: (function* () {
        yield ['x', Buffer.from('1')] as const;
        throw new Error('planted');
      })(),
    };
    const parts = [
      { ...changelog, changes: [put('a', '1')], fromOffset: 0, position: at(2) },
      { topic: 'g-b-changelog', partition: 3, changes: [broken], fromOffset: 0, position: at(2) },
    ];
    expect(() => under.local.apply('g', parts)).toThrow();
    expect([rows(['s', 'new']), under.local.position(changelog)]).toEqual([{}, undefined]);
    expect(under.local.storesOf('g')).toEqual([]);
    under.local.apply('g', [{ ...changelog, changes: [put('a', '2', 'new')], fromOffset: 0, position: at(2) }]);
    expect(rows(['s', 'new'])).toEqual({ 'new 2 a': '2' });
  });

  it('knows which stores a changelog carries, also those that only another version of the application has', async () => {
    const applied = (store: string, topic: string, isOfSource: boolean) => {
      const source = new ChangelogUnderTest(100);
      source.append([{ store, partition: 2, key: 'k', value: '1' }]);
      return source.fetch({ topic, partition: 2 }, 0).then(({ batches }) => {
        const records = new SortedRecords(batches, 0);
        const range = { from: 0, to: records.length };
        under.local.applyRecords('g', records, range, { topic, partition: 2, isOfSource }, at(2));
      });
    };
    under.local.noteStoresIn('g', changelog.topic, ['s']);
    await applied('of-the-next-version', changelog.topic, true);
    await applied('__plan', 'g-group-changelog', false);
    await under.restart();
    expect([...under.local.storesIn('g', changelog.topic)]).toEqual(['s', 'of-the-next-version']);
    // What is left belongs to the group as a whole: it is dropped when that is built anew, and nothing else may be.
    const ofSources = under.local.sourceStores('g');
    expect(under.local.storesOf('g').filter((store) => !ofSources.has(store))).toEqual(['__plan']);
  });

  it('reads what was applied as records and as changes the same way, whatever the bytes', async () => {
    const keys = ['', '\u0000', '\u00ff\u0001', 'k'.repeat(60), 'q'.repeat(1_900)];
    const source = new ChangelogUnderTest(100);
    source.append(keys.map((key) => ({ store: 's', partition: 2, key, value: 'as record' })));
    const records = new SortedRecords((await source.fetch(changelog, 0)).batches, 0);
    under.local.applyRecords('g', records, { from: 0, to: records.length }, { ...changelog, isOfSource: true }, at(6));
    const state = under.local.committed('g', () => {}).partition('s', 2);
    for (const key of keys) expect(Buffer.from(state.get(key)!).toString()).toBe('as record');
    expect([...state.range()].map(([key]) => key)).toEqual([...keys].sort());
    under.local.apply('g', [
      { ...changelog, changes: keys.map((key) => put(key, null)), fromOffset: 6, position: at(12) },
    ]);
    expect(rows()).toEqual({});
  });

  it('drops one partition, or all, of the stores named', () => {
    const changes = ['s', 't'].flatMap((store) => [1, 2, 3].map((partition) => put('k', 'v', store, partition)));
    under.local.apply('g', [{ ...changelog, changes, fromOffset: 0, position: at(1) }]);
    while (under.local.dropStep('g', ['s', 'never there'], 2));
    expect(Object.keys(rows(['s', 't']))).toEqual(['s 1 k', 's 3 k', 't 1 k', 't 2 k', 't 3 k']);
    while (under.local.dropStep('g', ['t'], undefined));
    expect(Object.keys(rows(['s', 't']))).toEqual(['s 1 k', 's 3 k']);
  });

  it('forgets a group whole', () => {
    under.local.apply('g', [
      { ...changelog, changes: [put('a', '1'), put('a', '1', 't', 3)], fromOffset: 0, position: at(1) },
    ]);
    under.local.apply('h', [
      { topic: 'h-in-changelog', partition: 2, changes: [put('a', '1')], fromOffset: 0, position: at(1) },
    ]);
    under.local.forget('g', [changelog]);
    expect([rows(['s', 't']), under.local.position(changelog)]).toEqual([{}, undefined]);
    expect([...under.rows('h', ['s'], [2]).values()]).toEqual(['1']);
  });

  it('opens in milliseconds, however many keys it holds', async () => {
    const entries = Array.from({ length: 200_000 }, (_, i) => [`account-${i}`, Buffer.alloc(8, 1)] as const);
    under.local.apply('g', [
      { ...changelog, changes: [{ store: 's', partition: 2, entries }], fromOffset: 0, position: at(1) },
    ]);
    const begun = performance.now();
    await under.restart();
    expect(
      under.local
        .committed('g', () => {})
        .partition('s', 2)
        .get('account-199999'),
    ).toHaveLength(8);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
