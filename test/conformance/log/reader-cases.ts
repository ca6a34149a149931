import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommittedState, GroupStores, Member } from '../../../src/log/log.ts';
import { codeOf, drain, type LogUnderTest, type OpenLog, record, topic } from './log-under-test.ts';

const bytes = (text: string) => Buffer.from(text);
const changelogs = [
  { source: 'in', stores: ['s', 't'] },
  { source: 'other', stores: ['u'] },
];
const stores: GroupStores = { group: 'g', changelogs };

/** Every row of some stores, as `STORE-PARTITION KEY=VALUE`. */
function allOf(state: CommittedState, names: readonly string[]): readonly string[] {
  return names.flatMap((store) =>
    [0, 1].flatMap((partition) =>
      [...state.partition(store, partition).range()].map(
        ([key, value]) => `${store}-${partition} ${key}=${Buffer.from(value).toString()}`,
      ),
    ),
  );
}

/** `Log.readState`: every adapter shows a reader the whole committed state of a group. */
export function readerCases(open: OpenLog): void {
  describe('a reader', () => {
    let under: LogUnderTest;
    let member: Member;
    let epoch: number;

    const put = (store: string, partition: number, key: string, value: string | null) =>
      member.commit({
        epoch,
        records: [],
        offsets: [],
        stateChanges: [{ store, partition, entries: [[key, value === null ? null : bytes(value)]] }],
      });
    const read = (names = ['s', 't', 'u']) => under.log.readState(stores, (state) => allOf(state, names));

    beforeEach(async () => {
      under = await open();
      await under.log.createTopics([topic('in', { partitions: 2 }), topic('other', { partitions: 2 })]);
      await under.log.append([record('in', 'a', '1')]);
      member = await under.log.join({ group: 'g', member: 'm', topicSets: [['in'], ['other']], changelogs });
      ({ epoch } = await drain(member));
    });
    afterEach(() => under.dispose());

    it('sees what is committed, of all stores and partitions in the order of their keys', async () => {
      expect(await read()).toEqual([]);
      await put('s', 0, 'b', '1');
      await put('s', 0, 'a', '2');
      await put('s', 1, 'a', '3');
      await put('u', 1, 'k', '4');
      expect(await read()).toEqual(['s-0 a=2', 's-0 b=1', 's-1 a=3', 'u-1 k=4']);
      await put('s', 0, 'b', null);
      expect(await read(['s'])).toEqual(['s-0 a=2', 's-1 a=3']);
    });

    it('sees it when nobody is in the group any more, and when the log was opened anew', async () => {
      await put('s', 0, 'a', '1');
      await put('u', 1, 'k', '2');
      await member.leave();
      expect(await read()).toEqual(['s-0 a=1', 'u-1 k=2']);
      await under.reopen();
      expect(await read()).toEqual(['s-0 a=1', 'u-1 k=2']);
    });

    it('sees what belongs to the group as a whole', async () => {
      await put('whole', 0, 'k', 'v');
      const value = await under.log.readState(stores, (state) => state.partition('whole', 0).get('k'));
      expect(Buffer.from(value!).toString()).toBe('v');
    });

    it('gets and ranges, backwards too, and may break a range off', async () => {
      for (const key of ['a', 'b', 'c', 'd']) await put('s', 0, key, key.toUpperCase());
      const found = await under.log.readState(stores, (state) => {
        const part = state.partition('s', 0);
        const [[last] = []] = part.range('a', 'd', true);
        return [Buffer.from(part.get('b')!).toString(), part.get('x'), last];
      });
      expect(found).toEqual(['B', undefined, 'c']);
    });

    it('of a group that never was sees nothing; what it throws is thrown', async () => {
      expect(await under.log.readState({ group: 'nobody' }, (state) => allOf(state, ['s']))).toEqual([]);
      await put('s', 0, 'a', '1');
      const thrown = under.log.readState(stores, (state) => {
        throw new Error(`there are ${allOf(state, ['s']).length}`);
      });
      await expect(thrown).rejects.toThrow('there are 1');
      await under.log.close();
      expect(await codeOf(read())).toBe('LOG_CLOSED');
    });
  });
}
