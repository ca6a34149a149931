import { afterEach, beforeEach, expect, it } from 'vitest';
import { codeOf, drain, type LogUnderTest, type OpenLog, record, topic } from './log-under-test.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

export function resetCases(open: OpenLog): void {
  let under: LogUnderTest;
  beforeEach(async () => {
    under = await open();
    await under.log.createTopics([topic('a', { partitions: 2 })]);
    await under.log.append([record('a', 'k', '1'), record('a', 'k', '2'), record('a', 'k', '3', { partition: 1 })]);
  });
  afterEach(() => under.dispose());

  /** Reads all, keeps `value` under some keys of the stores, and leaves. */
  async function work(group: string, value: string, stores: readonly string[] = ['s', '__t'], keys = 3): Promise<void> {
    const member = await under.log.join({ group, member: 'm', topicSets: [['a']] });
    const { epoch } = await drain(member);
    const entries = Array.from({ length: keys }, (_, i) => [`k${i}`, bytes(value)] as const);
    const stateChanges = stores.flatMap((store) => [0, 1].map((partition) => ({ store, partition, entries })));
    const offsets = [
      { topic: 'a', partition: 0, offset: 2 },
      { topic: 'a', partition: 1, offset: 1 },
    ];
    await member.commit({ epoch, records: [], offsets, stateChanges });
    await member.leave();
  }
  const held = (group: string, store = 's') =>
    [0, 1].flatMap((partition) =>
      [...under.log.state(group).partition(store, partition).range()].map(
        ([key, value]) => `${partition} ${key}=${Buffer.from(value).toString()}`,
      ),
    );
  const offsetsOf = async (group: string) =>
    (await under.log.committedOffsets(group)).map(({ partition, offset }) => `${partition}@${offset}`);
  const toStart = [0, 1].map((partition) => ({ topic: 'a', partition, offset: 0 }));

  it('empties the stores of one group with its offsets, for good', async () => {
    await work('g', 'old');
    await work('other', 'theirs');
    await under.log.resetGroup('g', { offsets: toStart, dropsState: true });
    for (const again of [
      async () => {},
      () => under.crash(),
      async () => void under.log.maintain(),
      () => under.crash(),
    ]) {
      await again();
      expect(held('g')).toEqual([]);
      expect(held('g', '__t')).toEqual([]);
      expect(under.log.state('g').partition('s', 0).get('k0')).toBeUndefined();
      expect(await offsetsOf('g')).toEqual(['0@0', '1@0']);
      expect(held('other')).toHaveLength(6);
      expect(await offsetsOf('other')).toEqual(['0@2', '1@1']);
    }
  });

  it('lets the stores be filled anew, while what they held before is cleaned away', async () => {
    await work('g', 'old', ['s', 't'], 2_500);
    const state = under.log.state('g').partition('s', 0);
    expect(Buffer.from(state.get('k7')!).toString()).toBe('old');
    await under.log.resetGroup('g', { offsets: toStart, dropsState: true });
    // One that was looked up before the reset must not go on with what it found.
    expect(state.get('k7')).toBeUndefined();
    await work('g', 'new', ['s']);
    const expected = ['0 k0=new', '0 k1=new', '0 k2=new', '1 k0=new', '1 k1=new', '1 k2=new'];
    expect(held('g')).toEqual(expected);
    under.log.maintain();
    await under.crash();
    for (let step = 0; under.log.maintain() && step < 100; step++) expect(held('g')).toEqual(expected);
    expect(held('g')).toEqual(expected);
    expect(held('g', 't')).toEqual([]);
    await work('g', 'newer', ['u']);
    await under.reopen();
    expect(held('g')).toEqual(expected);
    expect(held('g', 'u')).toHaveLength(6);
  });

  it('keeps the state where it is not to be dropped, and offsets that are not named', async () => {
    await work('g', 'old');
    await under.log.resetGroup('g', { offsets: toStart.slice(0, 1), dropsState: false });
    await under.crash();
    expect(held('g')).toHaveLength(6);
    expect(await offsetsOf('g')).toEqual(['0@0', '1@1']);
  });

  it('does nothing of it where a part is refused', async () => {
    await work('g', 'old');
    const member = await under.log.join({ group: 'g', member: 'm', topicSets: [['a']] });
    await drain(member);
    expect(await codeOf(under.log.resetGroup('g', { offsets: toStart, dropsState: true }))).toBe('COMMIT_REFUSED');
    await member.leave();
    const { end } = (await under.log.watermarks('a'))[1]!;
    for (const [offset, code] of [
      [{ topic: 'a', partition: 1, offset: end + 1 }, 'OFFSET_OUT_OF_RANGE'],
      [{ topic: 'a', partition: 0, offset: -1 }, 'OFFSET_OUT_OF_RANGE'],
      [{ topic: 'a', partition: 2, offset: 0 }, 'PARTITION_UNKNOWN'],
      [{ topic: 'b', partition: 0, offset: 0 }, 'TOPIC_UNKNOWN'],
    ] as const) {
      const offsets = [toStart[0]!, offset];
      expect(await codeOf(under.log.resetGroup('g', { offsets, dropsState: true }))).toBe(code);
      expect(held('g')).toHaveLength(6);
      expect(await offsetsOf('g')).toEqual(['0@2', '1@1']);
    }
  });
}
