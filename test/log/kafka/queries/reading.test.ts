import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reading } from '../../../../src/log/kafka/queries/reading.ts';
import type { CommittedState } from '../../../../src/log/log.ts';
import { SOURCES, SplitStore } from './split-store.ts';

const PARTITIONS = 3;
const STORES = Object.keys(SOURCES);
const KEYS = ['', 'a', 'aa', 'b', 'ba', 'c', 'd', '\u00ff'];
const quiet = { isSilent: () => false, meanwhile: () => {} };

/** Time that goes by only where somebody waits for it. */
function timeThatFlies() {
  let now = 0;
  return {
    clock: () => now,
    startTimer: (delayMs: number, action: () => void) => {
      const timer = setImmediate(() => {
        now += delayMs;
        action();
      });
      return () => clearImmediate(timer);
    },
  };
}

function read<T>(store: SplitStore, reader: (state: CommittedState) => T): Promise<T> {
  return new Reading({ group: 'g', owners: store, timing: timeThatFlies() }).result(reader);
}

/** One step of a reader; what it reads decides where it goes on. */
const step = fc.record({
  store: fc.constantFrom(...STORES),
  partition: fc.nat(PARTITIONS - 1),
  kind: fc.constantFrom('get', 'range', 'reverse'),
  key: fc.constantFrom(...KEYS),
  to: fc.option(fc.constantFrom(...KEYS), { nil: undefined }),
  limit: fc.integer({ min: 1, max: 6 }),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Runs the steps; every value read turns the partition of the next step, so that what is missed leads astray first. */
function run(steps: readonly Step[], state: CommittedState): readonly string[] {
  const seen: string[] = [];
  let turn = 0;
  for (const { store, partition, kind, key, to, limit } of steps) {
    const number = (partition + turn) % PARTITIONS;
    const part = state.partition(store, number);
    const note = (found: string, value: Uint8Array | undefined) => {
      const text = value === undefined ? 'nothing' : Buffer.from(value).toString();
      seen.push(`${store} ${number} ${found}=${text}`);
      turn += text.length;
      // Whoever changes what it was given must not change what others are given.
      value?.fill(0);
    };
    if (kind === 'get') {
      note(key, part.get(key));
      continue;
    }
    let left = limit;
    for (const [found, value] of part.range(key, to, kind === 'reverse')) {
      note(found, value);
      if (--left === 0) break;
    }
    seen.push('.');
  }
  return seen;
}

const rows = fc.array(
  fc.record({
    store: fc.constantFrom(...STORES),
    partition: fc.nat(PARTITIONS - 1),
    key: fc.constantFrom(...KEYS),
    value: fc.string({ maxLength: 6 }),
  }),
  { maxLength: 40 },
);
const owners = fc.array(fc.nat(2), { minLength: 6, maxLength: 6 });

function filled(
  store: SplitStore,
  given: typeof rows extends fc.Arbitrary<infer R> ? R : never,
  ownerOf: readonly number[],
) {
  for (const { store: name, partition, key, value } of given) {
    store.commit(SOURCES[name]!, partition, [[name, key, value]]);
  }
  for (const [i, topic] of ['in', 'other'].entries()) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      store.give({ topic, partition }, ownerOf[i * PARTITIONS + partition]!);
    }
  }
  return store;
}

describe('a reader over a store that is split', () => {
  it('reads what it would read of one that is whole, however small the answers are', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        owners,
        fc.array(step, { maxLength: 8 }),
        fc.integer({ min: 1, max: 200 }),
        async (given, ownerOf, steps, bytes) => {
          const store = filled(new SplitStore(quiet, bytes), given, ownerOf);
          const expected = run(steps, store.whole);
          expect(await read(store, (state) => run(steps, state))).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reads each unit as of one commit, while all of them change, move and fall silent', async () => {
    await fc.assert(
      fc.asyncProperty(
        owners,
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat(99)),
        async (ownerOf, steps, chances) => {
          let number = 0;
          // Each commit writes its number under every key of a unit: what is read of one unit in one reading must be one number.
          const stamp = (topic: string, partition: number) => {
            const text = `${++number}`.padStart(5, '0');
            const of = STORES.filter((name) => SOURCES[name] === topic);
            store.commit(
              topic,
              partition,
              of.flatMap((name) => KEYS.map((key) => [name, key, text] as const)),
            );
          };
          const chance = () => chances.next().value as number;
          let moves = 0;
          const store: SplitStore = new SplitStore({
            isSilent: () => chance() < 20,
            meanwhile: () => {
              const unit = { topic: chance() < 50 ? 'in' : 'other', partition: chance() % PARTITIONS };
              if (chance() < 80) stamp(unit.topic, unit.partition);
              if (chance() < 30 && moves++ < 20) store.give(unit, chance() % 3);
            },
          });
          filled(store, [], ownerOf);
          for (const topic of ['in', 'other']) for (let p = 0; p < PARTITIONS; p++) stamp(topic, p);
          const seen = await read(store, (state) => run(steps, state));
          const commits = new Map<string, Set<string>>();
          for (const text of seen.filter((each) => each !== '.')) {
            const [name, partition] = text.split(' ');
            const unit = `${SOURCES[name!]}-${partition}`;
            commits.set(unit, (commits.get(unit) ?? new Set()).add(text.slice(text.indexOf('=') + 1)));
          }
          expect([...commits.values()].map((each) => each.size).filter((size) => size !== 1)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  const entries = (store: SplitStore, count: number, valueBytes: number) => {
    const value = 'v'.repeat(valueBytes);
    store.commit(
      'in',
      0,
      Array.from({ length: count }, (_, i) => ['a', `${i}`.padStart(6, '0'), value] as const),
    );
    store.give({ topic: 'in', partition: 0 }, 1);
  };

  it('that stops early is sent little, and one that goes on the whole range in parts', async () => {
    const store = new SplitStore(quiet);
    entries(store, 20_000, 100);
    const first = (count: number) => (state: CommittedState) => {
      const keys: string[] = [];
      for (const [key] of state.partition('a', 0).range()) if (keys.push(key) === count) break;
      return keys.length;
    };
    expect(await read(store, first(100))).toBe(100);
    expect(store.asked).toBe(1);
    expect(await read(store, first(Number.POSITIVE_INFINITY))).toBe(20_000);
    expect(store.asked).toBeLessThan(8);
  });

  it('comes to an end although the owner commits between all answers, where what it reads fits into one', async () => {
    const store: SplitStore = new SplitStore(
      { isSilent: () => false, meanwhile: () => store.commit('in', 0, [['b', 'n', 'x']]) },
      8 * 1024 * 1024,
    );
    entries(store, 20_000, 100);
    const all = await read(store, (state) => [...state.partition('a', 0).range()].length);
    expect(all).toBe(20_000);
  });

  it('is refused where it does not, and says so', async () => {
    const store: SplitStore = new SplitStore(
      { isSilent: () => false, meanwhile: () => store.commit('in', 0, [['b', 'n', 'x']]) },
      100_000,
    );
    entries(store, 5_000, 100);
    const reading = read(store, (state) => [...state.partition('a', 0).range()].length);
    await expect(reading).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', retriable: true });
    await expect(reading).rejects.toThrow('Partition 0 of the state of group g that hangs on in');
  });

  it('finds what is there although an owner that is not needed in the end does not answer', async () => {
    const store: SplitStore = new SplitStore({ isSilent: () => true, meanwhile: () => {} });
    store.commit('in', 0, [['a', 'k', 'here']]);
    store.give({ topic: 'in', partition: 1 }, 1);
    const found = await read(store, (state) => state.partition('a', 0).get('k') ?? state.partition('a', 1).get('k'));
    expect(Buffer.from(found!).toString()).toBe('here');
    await expect(read(store, (state) => state.partition('a', 1).get('k'))).rejects.toThrow('nobody answers');
  });

  it.each([
    ['another process', 1],
    ['this process', 0],
  ])('does not believe %s whose partition was given away while it was read', async (_, owner) => {
    const unit = { topic: 'in', partition: 0 };
    let hasMoved = false;
    const store: SplitStore = new SplitStore({
      isSilent: () => false,
      meanwhile: () => {
        // The last thing before the coordinator is asked: the owner was stopped, and another one has changed the row since.
        if (hasMoved || (owner === 1 && store.asked === 0) || store.answered < owner) return;
        hasMoved = true;
        store.give(unit, 2);
        store.commit('in', 0, [['a', 'k', 'new']]);
      },
    });
    store.commit('in', 0, [['a', 'k', 'old']]);
    store.give(unit, owner);
    const seen: string[] = [];
    const value = await read(store, (state) => {
      const found = Buffer.from(state.partition('a', 0).get('k') ?? []).toString();
      seen.push(found);
      return found;
    });
    expect(value).toBe('new');
    expect(seen).toContain('old');
  });

  it('throws its own error, but only that of a run that missed nothing', async () => {
    const store = new SplitStore(quiet);
    store.commit('in', 0, [['a', 'k', 'v']]);
    store.give({ topic: 'in', partition: 0 }, 1);
    const value = (state: CommittedState) => {
      const found = state.partition('a', 0).get('k');
      if (found === undefined) throw new Error('not there');
      return Buffer.from(found).toString();
    };
    expect(await read(store, value)).toBe('v');
    store.commit('in', 0, [['a', 'k', null]]);
    await expect(read(store, value)).rejects.toThrow('not there');
  });
});
