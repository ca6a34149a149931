import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Member, STATE_KEY_BYTES_MAX, type StateChanges } from '../../../src/log/log.ts';
import { drain, type LogUnderTest, type OpenLog, record, topic } from './log-under-test.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const entriesOf = (entries: Iterable<readonly [string, Uint8Array]>) =>
  [...entries].map(([key, value]) => [key, Buffer.from(value).toString('latin1')]);

export function stateCases(open: OpenLog): void {
  let under: LogUnderTest;
  let member: Member;
  let epoch: number;

  const join = async () => {
    member = await under.log.join({ group: 'g', member: 'm', topicSets: [['in']] });
    ({ epoch } = await drain(member));
  };
  const put = (...stateChanges: StateChanges[]) => member.commit({ epoch, records: [], offsets: [], stateChanges });
  const change = (
    store: string,
    entries: Iterable<readonly [string, Uint8Array | null]>,
    partition = 0,
  ): StateChanges => ({
    store,
    partition,
    entries,
  });

  beforeEach(async () => {
    under = await open();
    await under.log.createTopics([topic('in', { partitions: 2 }), topic('out', { partitions: 2 })]);
    await under.log.append([record('in', 'a', '1'), record('in', 'b', '2'), record('in', 'c', '3', { partition: 1 })]);
    await join();
  });
  afterEach(() => under.dispose());

  describe('state', () => {
    it('of other stores, partitions and groups does not mix, also under strange names', async () => {
      const names = ['s', 'S', '', '__proto__', 's\u0000', 'ß'];
      for (const store of names)
        await put(change(store, [['k', bytes(`in ${store.length}`)]], 1), change(store, [['k', bytes('0')]]));
      const other = await under.log.join({ group: 'h', member: 'm', topicSets: [['in']] });
      const assigned = await drain(other);
      await other.commit({
        epoch: assigned.epoch,
        records: [],
        offsets: [],
        stateChanges: [change('s', [['k', bytes('of h')]])],
      });
      await under.reopen();
      const get = (group: string, store: string, partition: number) => {
        const value = under.log.state(group).partition(store, partition).get('k');
        return value === undefined ? undefined : Buffer.from(value).toString('latin1');
      };
      for (const store of names) {
        expect([get('g', store, 0), get('g', store, 1), get('g', store, 2)]).toEqual([
          '0',
          `in ${store.length}`,
          undefined,
        ]);
      }
      expect([get('h', 's', 0), get('h', 's', 1), get('nobody', 's', 0)]).toEqual(['of h', undefined, undefined]);
      expect(entriesOf(under.log.state('g').partition('s', 0).range())).toEqual([['k', '0']]);
    });

    it('is seen through a handle that was made before the store existed', async () => {
      const partition = member.state.partition('later', 0);
      expect([partition.get('k'), [...partition.range()]]).toEqual([undefined, []]);
      await put(change('later', [['k', bytes('v')]]));
      expect(entriesOf(partition.range())).toEqual([['k', 'v']]);
    });

    it('is read as a copy', async () => {
      const value = bytes('right');
      await put(change('s', [['k', value]]));
      value.write('wrong');
      const read = member.state.partition('s', 0).get('k')!;
      await put(
        change('s', [
          ['k', bytes('other')],
          ['l', bytes('x'.repeat(3000))],
        ]),
      );
      expect(Buffer.from(read).toString()).toBe('right');
      read.fill(0);
      expect(entriesOf(member.state.partition('s', 0).range('k', 'l'))).toEqual([['k', 'other']]);
    });

    it('keeps empty keys and values, the longest key, any length of value; deletes', async () => {
      const longest = 'k'.repeat(STATE_KEY_BYTES_MAX);
      const lengths = [0, 1, 255, 256, 257, 4096, 40_000, 300_000];
      await put(
        change('s', [
          ['', bytes('empty key')],
          [longest, bytes('longest')],
          ...lengths.map((length) => [`v${length}`, Buffer.alloc(length, 1)] as const),
        ]),
      );
      const partition = member.state.partition('s', 0);
      expect(Buffer.from(partition.get('')!).toString()).toBe('empty key');
      expect(Buffer.from(partition.get(longest)!).toString()).toBe('longest');
      for (const length of lengths)
        expect(Buffer.from(partition.get(`v${length}`)!).equals(Buffer.alloc(length, 1))).toBe(true);
      expect([...partition.range()].map(([key, value]) => [key.slice(0, 9), value.length])).toEqual([
        ['', 9],
        ['kkkkkkkkk', 7],
        ...lengths.map((length) => [`v${length}`, length]).sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
      ]);
      await put(
        change(
          's',
          new Map([
            ['', null],
            ['v1', null],
            ['not there', null],
          ]),
        ),
      );
      expect([partition.get(''), partition.get('v1')]).toEqual([undefined, undefined]);
    });

    it('takes entries that can be walked only once', async () => {
      await put(
        change(
          's',
          (function* () {
            yield ['a', bytes('1')] as const;
            yield ['b', bytes('2')] as const;
          })(),
        ),
      );
      expect(entriesOf(member.state.partition('s', 0).range())).toEqual([
        ['a', '1'],
        ['b', '2'],
      ]);
    });

    it('keeps values that look like instructions of the storage', async () => {
      const values = [
        [1, 1, 1, 1, 2, 0, 0, 0, 9],
        [1, 1, 1, 2, 0, 0, 0, 0, 9],
        [1, 1, 1, 3, 4, 0, 0, 0, 9],
      ].map((value) => Uint8Array.from(value));
      await put(
        change(
          's',
          values.map((value, i) => [String.fromCharCode(1, 1, 1, i + 1), value] as const),
        ),
      );
      expect([...member.state.partition('s', 0).range()].map(([, value]) => [...value])).toEqual(
        values.map((value) => [...value]),
      );
    });

    it('ranges in the order of the bytes, forwards and backwards, between any bounds', async () => {
      const key = fc.string({
        unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
        maxLength: 3,
      });
      let number = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(key, { maxLength: 30 }),
          fc.option(key),
          fc.option(key),
          async (keys, from, to) => {
            const store = `r${number++}`;
            await put(
              change(
                store,
                keys.map((k) => [k, bytes(k)] as const),
              ),
              change(store, [['other', bytes('')]], 1),
            );
            const within = keys
              .filter((k) => (from === null || k >= from) && (to === null || k < to))
              .sort((a, b) => (a < b ? -1 : 1));
            const partition = member.state.partition(store, 0);
            const found = (reverse: boolean) => entriesOf(partition.range(from ?? undefined, to ?? undefined, reverse));
            expect(found(false)).toEqual(within.map((k) => [k, k]));
            expect(found(true)).toEqual([...within].reverse().map((k) => [k, k]));
          },
        ),
        { numRuns: 60 },
      );
    });

    it('ranges over thousands of entries, and the walk may be broken off', async () => {
      const keys = Array.from({ length: 5_000 }, (_, i) => `${i}`.padStart(6, '0'));
      await put(
        change(
          's',
          keys.map((key) => [key, bytes(key)] as const),
        ),
      );
      const partition = member.state.partition('s', 0);
      expect([...partition.range()].map(([key]) => key)).toEqual(keys);
      expect([...partition.range('000100', '004900', true)].map(([key]) => key)).toEqual(
        keys.slice(100, 4900).reverse(),
      );
      for (const [key] of partition.range('002000')) if (key === '002100') break;
      expect(partition.range('004999').next().value?.[0]).toBe('004999');
    });
  });
}
