import fc from 'fast-check';
import { stringSerde } from 'headrace';
import { describe, expect, it } from 'vitest';
import { JoinWindowStore } from '../../src/state/join-window-store.ts';
import { StoreUnderTest } from './store-steps.ts';

const open = (windowMs: number, retentionMs = 1_000) =>
  new StoreUnderTest(
    (buffer) =>
      new JoinWindowStore(
        { kind: 'joinWindow', name: 'store', key: stringSerde, value: stringSerde, windowMs, retentionMs },
        buffer,
      ),
  );

type Entry = readonly [key: string, time: number, value: string];

function found(store: JoinWindowStore<string, string>, key: string, from: number, to: number): Entry[] {
  const all: Entry[] = [];
  store.forEach(key, from, to, (time, value) => all.push([key, time, value]));
  return all;
}

const key = fc.constantFrom('a', 'ab', 'b', '\u0001', '');
const time = fc.oneof(fc.nat(60), fc.constantFrom(255, 256, 65_535));
const step = fc.record({
  key,
  time,
  value: fc.constantFrom('x', 'y', ''),
  fate: fc.constantFrom('nothing', 'nothing', 'rollback', 'commit', 'crash'),
});

describe('JoinWindowStore', () => {
  it('finds what a list would, with several at one time, through failed records, commits and crashes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 7, 40),
        fc.array(step, { maxLength: 30 }),
        key,
        time,
        fc.nat(40),
        (windowMs, steps, wanted, from, length) => {
          const subject = open(windowMs);
          let model: Entry[] = [];
          let committed: Entry[] = [];
          const expected = () =>
            model
              .filter(([each, at]) => each === wanted && at >= from && at <= from + length)
              .sort((one, two) => one[1] - two[1]);
          for (const each of steps) {
            const add = (store: typeof subject.store) => store.add(each.key, each.value, each.time);
            if (each.fate === 'rollback') subject.rolledBack(add);
            else {
              subject.record(add);
              model.push([each.key, each.time, each.value]);
            }
            if (each.fate === 'commit') {
              subject.commit();
              committed = [...model];
            }
            if (each.fate === 'crash') {
              subject.crash();
              model = [...committed];
            }
            expect(found(subject.store, wanted, from, from + length)).toEqual(expected());
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('forgets what is out of retention, and nothing within it', () => {
    const subject = open(10, 100);
    for (let at = 0; at <= 300; at += 10) subject.record((store) => store.add('a', `${at}`, at));
    subject.commit();
    for (let again = 0; again < 10; again++) subject.record((store) => store.expire(300 + again * 10));
    const times = [...subject.store.entries()].map(([, , at]) => at);
    expect(times.at(0)).toBeGreaterThan(200);
    expect(times.filter((at) => at >= 290)).toEqual([290, 300]);
    subject.commit();
    subject.crash();
    expect([...subject.store.entries()].map(([, , at]) => at)).toEqual(times);
  });
});
