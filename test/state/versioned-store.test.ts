import fc from 'fast-check';
import { stringSerde } from 'headrace';
import { describe, expect, it } from 'vitest';
import type { VersionedStoreDefinition } from '../../src/state/store-definition.ts';
import { VersionedStore } from '../../src/state/versioned-store.ts';
import { WriteBuffer } from '../../src/state/write-buffer.ts';
import { MemoryPartition } from '../../src/testing/memory-state.ts';

const HISTORY_MS = 20;
const definition: VersionedStoreDefinition<string, string> = {
  kind: 'versioned',
  name: 'rows',
  key: stringSerde,
  value: stringSerde,
  historyMs: HISTORY_MS,
};

/** The store over a committed state that a test may commit to. */
class Rows {
  readonly committed = new MemoryPartition();
  #buffer = new WriteBuffer('rows', 0, this.committed);
  store = new VersionedStore(definition, this.#buffer);

  put(key: string, value: string | null, time: number) {
    this.#buffer.beginRecord();
    return this.store.put(key, value, time);
  }

  rollback(): void {
    this.#buffer.rollbackRecord();
  }

  commit(): void {
    for (const [key, value] of this.#buffer.changes()?.entries ?? []) this.committed.set(key, value);
    this.#buffer.markCommitted();
  }

  /** As if the process had died: what was not committed is gone. */
  reopen(): void {
    this.#buffer = new WriteBuffer('rows', 0, this.committed);
    this.store = new VersionedStore(definition, this.#buffer);
  }
}

/** The same told plainly: all puts of a key by time, of which those that are too old to be read are left out when read. */
class Model {
  #puts = new Map<string, Map<number, string | null>>();
  #observed = -1;

  put(key: string, value: string | null, time: number): string {
    if (time < this.#observed - HISTORY_MS) return 'refused';
    this.#observed = Math.max(this.#observed, time);
    const puts = this.#puts.get(key) ?? new Map<number, string | null>();
    this.#puts.set(key, puts.set(time, value));
    return time >= Math.max(...puts.keys()) ? 'latest' : 'history';
  }

  asOf(key: string, time: number): string | null {
    const times = [...(this.#puts.get(key)?.keys() ?? [])];
    const at = Math.max(-1, ...times.filter((each) => each <= time));
    if (at < 0) return null;
    const isLatest = at === Math.max(...times);
    return isLatest || time >= this.#observed - HISTORY_MS ? this.#puts.get(key)!.get(at)! : null;
  }

  copy(): Model {
    const copied = new Model();
    copied.#observed = this.#observed;
    copied.#puts = new Map([...this.#puts].map(([key, puts]) => [key, new Map(puts)]));
    return copied;
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ put: fc.constantFrom('a', 'b'), time: fc.nat(80), value: fc.option(fc.string()) }),
    },
    { weight: 1, arbitrary: fc.constantFrom('rollback', 'commit', 'crash') },
  ),
  { maxLength: 60 },
);

describe('a versioned store', () => {
  it('says what a row was at any time, as a plain list of all puts does', () => {
    fc.assert(
      fc.property(steps, (course) => {
        const rows = new Rows();
        let [model, before, committed] = [new Model(), new Model(), new Model()];
        for (const step of course) {
          if (step === 'commit') {
            rows.commit();
            committed = model.copy();
            before = model.copy();
          } else if (step === 'crash') {
            rows.reopen();
            model = committed.copy();
            before = model.copy();
          } else if (step === 'rollback') {
            rows.rollback();
            model = before.copy();
          } else {
            before = model.copy();
            expect(rows.put(step.put, step.value, step.time)).toBe(model.put(step.put, step.value, step.time));
          }
          for (const key of ['a', 'b']) {
            expect(rows.store.get(key)).toBe(model.asOf(key, 1_000));
            for (let time = 0; time <= 90; time += 3) {
              expect(rows.store.asOf(key, time), `${key} as of ${time}`).toBe(model.asOf(key, time));
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('lists the versions of a key, the newest first, without the times at which it was deleted', () => {
    const rows = new Rows();
    rows.put('a', 'one', 10);
    rows.put('a', 'three', 20);
    rows.put('a', null, 15);
    rows.put('a', 'two', 12);
    expect([...rows.store.versions('a')]).toEqual([
      { value: 'three', from: 20, to: Number.POSITIVE_INFINITY },
      { value: 'two', from: 12, to: 15 },
      { value: 'one', from: 10, to: 12 },
    ]);
    expect([...rows.store.versions('a', 11, 13)].map(({ value }) => value)).toEqual(['two', 'one']);
    expect([...rows.store.range()]).toEqual([['a', 'three']]);
  });

  it('keeps nothing of keys that are deleted for longer than the history', () => {
    const rows = new Rows();
    for (let i = 0; i < 300; i++) {
      rows.put(`key ${i}`, 'x', i * 10);
      rows.put(`key ${i}`, null, i * 10 + 5);
    }
    rows.commit();
    expect([...rows.committed.range()].length).toBeLessThan(30);
  });
});
