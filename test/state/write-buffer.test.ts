import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WriteBuffer } from '../../src/state/write-buffer.ts';
import { MemoryState } from '../../src/testing/memory-state.ts';

const key = fc.constantFrom('', 'a', 'ab', 'b', '\u0000', '\u00ff', '__proto__');
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value: fc.option(fc.uint8Array({ maxLength: 3 })) }),
  fc.record({ kind: fc.constantFrom('begin' as const, 'rollback' as const, 'commit' as const) }),
  fc.record({ kind: fc.constant('get' as const), key }),
);

const sorted = (entries: Iterable<readonly [string, Uint8Array]>) =>
  [...entries].sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, value]) => [name, [...value]]);

describe('WriteBuffer', () => {
  it('behaves as a map with savepoints over committed state, whatever the order of calls', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, reverse) => {
        const state = new MemoryState();
        const buffer = new WriteBuffer('store', 0, state.partition('store', 0));
        let model = new Map<string, Uint8Array>();
        let savepoint = new Map(model);
        let committed = new Map(model);
        for (const each of steps) {
          if (each.kind === 'put') {
            buffer.put(each.key, each.value);
            if (each.value === null) model.delete(each.key);
            else model.set(each.key, each.value);
          } else if (each.kind === 'get') {
            expect(buffer.get(each.key)).toEqual(model.get(each.key) ?? null);
          } else if (each.kind === 'begin') {
            buffer.beginRecord();
            savepoint = new Map(model);
          } else if (each.kind === 'rollback') {
            buffer.rollbackRecord();
            model = new Map(savepoint);
          } else {
            const changes = buffer.changes();
            if (changes !== undefined) state.apply([changes]);
            buffer.markCommitted();
            committed = new Map(model);
            savepoint = new Map(model);
          }
          const made: (readonly [string, Uint8Array | null, Uint8Array | null])[] = [];
          buffer.eachRecordChange((...change) => made.push(change));
          const names = new Set(made.map(([name]) => name));
          expect(names.size).toBe(made.length);
          for (const [name, before, after] of made) {
            expect([before, after]).toEqual([savepoint.get(name) ?? null, model.get(name) ?? null]);
          }
          // What was not told is as it was.
          for (const name of new Set([...savepoint.keys(), ...model.keys()])) {
            if (!names.has(name)) expect(model.get(name)).toEqual(savepoint.get(name));
          }
          expect(made.length === 0 || buffer.isChangedByRecord).toBe(true);
        }
        expect(sorted(buffer.range())).toEqual(sorted(model));
        const ranged = [...buffer.range('a', '\u00ff', reverse)].map(([name]) => name);
        const expected = [...model.keys()].filter((name) => name >= 'a' && name < '\u00ff').sort();
        expect(ranged).toEqual(reverse ? expected.reverse() : expected);
        expect(sorted(state.partition('store', 0).range())).toEqual(sorted(committed));
        // Committing what is left brings the state to the model: no change is ever forgotten.
        const rest = buffer.changes();
        if (rest !== undefined) state.apply([rest]);
        expect(sorted(state.partition('store', 0).range())).toEqual(sorted(model));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a range over many changes', () => {
  it('is in order and complete, while records fail in between', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(400), { minLength: 1, maxLength: 30 }), { maxLength: 40 }), (records) => {
        const state = new MemoryState();
        const buffer = new WriteBuffer('store', 0, state.partition('store', 0));
        const model = new Set<number>();
        const name = (number: number) => String(number).padStart(3, '0');
        for (const [index, numbers] of records.entries()) {
          buffer.beginRecord();
          for (const number of numbers) buffer.put(name(number), Uint8Array.of(index));
          // Ranged before the record fails, so that what it undoes had been sorted in.
          const seen = [...buffer.range('100', '300')].map(([key]) => key);
          const before = [...new Set([...model, ...numbers])].map(name).filter((key) => key >= '100' && key < '300');
          expect(seen).toEqual(before.sort());
          if (index % 3 === 2) buffer.rollbackRecord();
          else for (const number of numbers) model.add(number);
          expect([...buffer.range()].map(([key]) => key)).toEqual([...model].map(name).sort());
        }
      }),
      { numRuns: 60 },
    );
  });
});
