import fc from 'fast-check';
import { stringSerde } from 'headrace';
import { describe, expect, it } from 'vitest';
import { SessionStore } from '../../src/state/session-store.ts';
import { StoreUnderTest } from './store-steps.ts';

const definition = {
  kind: 'session',
  name: 'store',
  key: stringSerde,
  value: stringSerde,
  retentionMs: 100,
} as const;
const open = () => new StoreUnderTest((buffer) => new SessionStore(definition, buffer));

const time = fc.integer({ min: 0, max: 300 });
const keys = ['a', 'ab', 'b'] as const;
const put = fc.record({
  key: fc.constantFrom(...keys),
  start: time,
  length: fc.nat(20),
  value: fc.option(fc.constantFrom('x', 'y')),
});
const steps = fc.array(fc.record({ put, fate: fc.constantFrom('nothing', 'nothing', 'rollback', 'commit', 'crash') }), {
  maxLength: 30,
});

describe('SessionStore', () => {
  it('holds what a map would, by key and by end, through failed records, commits and crashes', () => {
    fc.assert(
      fc.property(steps, time, time, (all, earliestEnd, latest) => {
        const subject = open();
        let model = new Map<string, readonly [string, number, number, string]>();
        let committed = new Map(model);
        for (const { put: each, fate } of all) {
          const window = { start: each.start, end: each.start + each.length };
          const write = (store: typeof subject.store) => store.put(each.key, window, each.value);
          if (fate === 'rollback') {
            subject.rolledBack(write);
            continue;
          }
          subject.record(write);
          const id = `${window.end}/${window.start}/${each.key}`;
          if (each.value === null) model.delete(id);
          else model.set(id, [each.key, window.start, window.end, each.value]);
          if (fate === 'commit') {
            subject.commit();
            committed = new Map(model);
          }
          if (fate === 'crash') {
            subject.crash();
            model = new Map(committed);
          }
        }
        const ordered = [...model.values()].sort(
          (one, two) => one[2] - two[2] || one[1] - two[1] || (one[0] < two[0] ? -1 : 1),
        );
        const closed = [...subject.store.fetchAll(earliestEnd, latest)];
        expect(closed.map(([{ key, window }, value]) => [key, window.start, window.end, value])).toEqual(
          ordered.filter(([, , end]) => end >= earliestEnd && end <= latest),
        );
        expect(closed.every(([{ window }, , timestamp]) => timestamp === window.end)).toBe(true);
        for (const key of keys) {
          const found = [...subject.store.fetch(key, earliestEnd, latest)].map(([w, value]) => [w.start, w.end, value]);
          expect(found).toEqual(
            ordered
              .filter(([own, start, end]) => own === key && end >= earliestEnd && start <= latest)
              .map(([, start, end, value]) => [start, end, value]),
          );
        }
        for (const [key, start, end, value] of model.values()) {
          expect(subject.store.get(key, { start, end })).toBe(value);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('removes sessions that leave the retention by their end', () => {
    const { store } = open();
    store.put('a', { start: 0, end: 50 }, 'old');
    store.put('b', { start: 0, end: 51 }, 'kept');
    store.expire(151);
    expect([...store.fetchAll()].map(([{ key }]) => key)).toEqual(['b']);
  });
});
