import fc from 'fast-check';
import { stringSerde } from 'headrace';
import { describe, expect, it } from 'vitest';
import { SuppressBuffer, type Suppressed } from '../../src/state/suppress-buffer.ts';
import { StoreUnderTest } from './store-steps.ts';

const definition = { kind: 'suppress', name: 'store', key: stringSerde, value: stringSerde } as const;
const open = () => new StoreUnderTest((buffer) => new SuppressBuffer(definition, buffer));

type Change = Suppressed<string, string>;
interface Waiting {
  readonly time: number;
  readonly prior: string | null;
  readonly change: Change;
}

const keys = ['a', 'ab', 'b', ''] as const;
const value = fc.option(fc.constantFrom('x', 'y', ''));
const headers = fc.constantFrom([], [['trace', Uint8Array.of(1, 2)] as const, ['none', null] as const]);
const step = fc.record({
  time: fc.nat(20),
  change: fc.record({ key: fc.constantFrom(...keys), value, before: value, timestamp: fc.nat(99), headers }),
  evictUpTo: fc.option(fc.nat(20)),
  fate: fc.constantFrom('nothing', 'nothing', 'rollback', 'commit', 'crash'),
});

/** The buffer as a plain list, in the order of time and then key. */
function put(model: readonly Waiting[], time: number, change: Change): readonly Waiting[] {
  const known = model.find((each) => each.change.key === change.key);
  const waiting =
    known === undefined ? { time, prior: change.before, change } : { time: known.time, prior: known.prior, change };
  return [...model.filter((each) => each !== known), waiting].sort(
    (one, two) => one.time - two.time || (one.change.key < two.change.key ? -1 : 1),
  );
}

describe('SuppressBuffer', () => {
  it('is a list in the order of time, through failed records, commits and crashes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const subject = open();
        let model: readonly Waiting[] = [];
        let committed = model;
        for (const { time, change, evictUpTo, fate } of steps) {
          const evicted: Change[] = [];
          const act = (store: typeof subject.store) => {
            store.put(time, change);
            if (evictUpTo !== null)
              store.evictWhile(
                () => store.earliest <= evictUpTo,
                (each) => evicted.push(each),
              );
          };
          if (fate === 'rollback') {
            subject.rolledBack(act);
          } else {
            subject.record(act);
            model = put(model, time, change);
            const due = model.filter((each) => evictUpTo !== null && each.time <= evictUpTo);
            expect(evicted).toEqual(due.map((each) => each.change));
            model = model.filter((each) => !due.includes(each));
          }
          if (fate === 'commit') {
            subject.commit();
            committed = model;
          }
          if (fate === 'crash') {
            subject.crash();
            model = committed;
          }
          const { store } = subject;
          expect([...store.entries()]).toEqual(model.map((each) => [each.time, each.change]));
          expect([store.count, store.earliest]).toEqual([model.length, model[0]?.time ?? Number.POSITIVE_INFINITY]);
          for (const key of keys) expect(store.prior(key)).toBe(model.find((each) => each.change.key === key)?.prior);
        }
      }),
      { numRuns: 300 },
    );
  });
});
