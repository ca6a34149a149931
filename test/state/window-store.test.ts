import fc from 'fast-check';
import { stringSerde } from 'headrace';
import { describe, expect, it } from 'vitest';
import { EXPIRED_PER_RECORD_MAX } from '../../src/state/expiry.ts';
import { WindowStore } from '../../src/state/window-store.ts';
import { StoreUnderTest } from './store-steps.ts';

const definition = {
  kind: 'window',
  name: 'store',
  key: stringSerde,
  value: stringSerde,
  windowMs: 10,
  retentionMs: 100,
} as const;
const open = () => new StoreUnderTest((buffer) => new WindowStore(definition, buffer));

const times = fc.constantFrom(0, 1, 5, 255, 256, 65_535, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3);
const put = fc.record({
  key: fc.constantFrom('a', 'ab', 'b', '\u0001', ''),
  start: times,
  value: fc.option(fc.constantFrom('x', 'y', '')),
  timestamp: fc.nat(1000),
});
const steps = fc.array(fc.record({ put, fate: fc.constantFrom('nothing', 'nothing', 'rollback', 'commit', 'crash') }), {
  maxLength: 30,
});

describe('WindowStore', () => {
  it('holds what a map would, by key and by time, through failed records, commits and crashes', () => {
    fc.assert(
      fc.property(steps, times, times, (all, from, to) => {
        const subject = open();
        let model = new Map<string, readonly [string, number, string, number]>();
        let committed = new Map(model);
        for (const { put: each, fate } of all) {
          const write = (store: typeof subject.store) => store.put(each.key, each.start, each.value, each.timestamp);
          if (fate === 'rollback') {
            subject.rolledBack(write);
            continue;
          }
          subject.record(write);
          const id = `${each.start}/${each.key}`;
          if (each.value === null) model.delete(id);
          else model.set(id, [each.key, each.start, each.value, each.timestamp]);
          if (fate === 'commit') {
            subject.commit();
            committed = new Map(model);
          }
          if (fate === 'crash') {
            subject.crash();
            model = new Map(committed);
          }
        }
        const inRange = [...model.values()]
          .filter(([, start]) => start >= from && start <= to)
          .sort((one, two) => one[1] - two[1] || (one[0] < two[0] ? -1 : 1));
        const all2 = [...subject.store.fetchAll(from, to)];
        expect(all2.map(([{ key, window }, value, at]) => [key, window.start, value, at])).toEqual(inRange);
        expect(all2.every(([{ window }]) => window.end === window.start + 10)).toBe(true);
        for (const key of ['a', 'ab', 'b', '\u0001', '']) {
          const own = inRange.filter((entry) => entry[0] === key).map(([, start, value, at]) => [start, value, at]);
          const found = [...subject.store.fetch(key, from, to)].map((e) => [e.start, e.value, e.timestamp]);
          expect(found).toEqual(own);
          const backwards = [...subject.store.fetch(key, from, to, true)].map((e) => [e.start, e.value, e.timestamp]);
          expect(backwards).toEqual(own.reverse());
        }
        for (const [key, start, value, timestamp] of model.values()) {
          expect([subject.store.get(key, start), subject.store.timestamp]).toEqual([value, timestamp]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('removes what leaves the retention, a bounded number with each record, and nothing before', () => {
    const { store } = open();
    const count = EXPIRED_PER_RECORD_MAX * 2 + 10;
    for (let i = 0; i < count; i++) store.put(`key${i}`, i % 50, 'v', i);
    store.put('kept', 60, 'v', 60);
    const left = () => [...store.fetchAll()].length;
    store.expire(99);
    expect(left()).toBe(count + 1);
    store.expire(155);
    expect(left()).toBe(count + 1 - EXPIRED_PER_RECORD_MAX);
    store.expire(155);
    store.expire(155);
    expect([...store.fetchAll()].map(([{ key }]) => key)).toEqual(['kept']);
    store.expire(160);
    expect(store.get('kept', 60)).toBe('v');
    store.expire(170);
    expect(left()).toBe(0);
  });

  it('brings expired windows back when their record fails, and removes them with the next one', () => {
    const subject = open();
    subject.record((store) => store.put('a', 0, 'v', 0));
    subject.rolledBack((store) => store.expire(500));
    expect(subject.store.get('a', 0)).toBe('v');
    subject.record((store) => store.expire(500));
    expect(subject.store.get('a', 0)).toBeNull();
  });

  it('refuses a key that does not fit into a state key with its window', () => {
    const { store } = open();
    expect(() => store.put('k'.repeat(1_895), 0, 'v', 0)).toThrowError(
      expect.objectContaining({ code: 'KEY_TOO_LARGE' }),
    );
  });
});
