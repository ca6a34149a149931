import {
  countSerde,
  int64Serde,
  jsonSerde,
  keyValueStore,
  StreamsBuilder,
  stringSerde,
  TimeWindows,
  windowStore,
} from 'headrace';
import { describe, expect, it } from 'vitest';
import type { InvariantOptions } from '../../src/streams/invariant.ts';
import { describeAsMermaid } from '../../src/streams/topology/mermaid.ts';
import { planJsonOf } from '../../src/streams/topology/plan-json.ts';

const texts = { key: stringSerde, value: stringSerde };
const holds = () => true as const;
const seen = keyValueStore({ name: 'seen', ...texts });

/**
 * From `in` to `out`, with the store `seen`; from `other` to `far`, with the table `rows`, in a sub-topology of its own; and the cached
 * table `latest` of `in`, which goes to `updates`.
 */
function example() {
  const builder = new StreamsBuilder();
  const input = builder.stream('in', { ...texts, name: 'read' });
  input
    .process({
      name: 'look',
      stores: { seen },
      ...texts,
      processor: (context) => (key, value) => context.forward(key, value),
    })
    .to('out', texts);
  const latest = input.toTable({ name: 'latest', ...texts, cached: true });
  latest.toStream().to('updates', texts);
  const rows = builder.table('other', { ...texts, name: 'rows' });
  rows.toStream().to('far', texts);
  return { builder, input, rows, latest };
}

type Example = ReturnType<typeof example>;
type Options = InvariantOptions<Record<string, never>, Record<string, never>, Record<string, never>>;

/** What the types would refuse, as JavaScript may write it. */
const untyped = (options: object) => options as Options;

interface Row {
  readonly what: string;
  readonly name?: unknown;
  readonly options: (parts: Example) => Options;
  readonly says: RegExp;
}

const rows: readonly Row[] = [
  {
    what: 'no name',
    name: undefined,
    options: () => untyped({ stores: { seen }, holds }),
    says: /the name is missing/,
  },
  {
    what: 'a name of other characters',
    name: 'a b',
    options: () => untyped({ stores: { seen }, holds }),
    says: /letters, digits/,
  },
  {
    what: 'the name of an operator',
    name: 'look',
    options: () => untyped({ stores: { seen }, holds }),
    says: /an operator has this name/,
  },
  { what: 'no part', options: () => untyped({ holds }), says: /name at least one topic or store/ },
  {
    what: 'inputs alone',
    options: ({ input }) => untyped({ inputs: { input }, holds }),
    says: /name at least one topic or store/,
  },
  { what: 'no holds', options: () => untyped({ stores: { seen } }), says: /holds must be a function/ },
  {
    what: 'another answer to a breach',
    options: () => untyped({ stores: { seen }, holds, onBreach: 'skip' }),
    says: /deadLetter or fail, not skip/,
  },
  {
    what: 'a topic without serdes',
    options: () => untyped({ topics: { out: {} }, holds }),
    says: /topic out needs the serdes/,
  },
  {
    what: 'a topic that nothing writes',
    options: () => untyped({ topics: { in: texts }, holds }),
    says: /nothing in the topology writes to topic in; it writes out, updates, far/,
  },
  {
    what: 'another serde than the topic is written by',
    options: () => untyped({ topics: { out: { ...texts, value: jsonSerde() } }, holds }),
    says: /the value of topic out is written by the serde string, and is read by json/,
  },
  {
    what: 'another serde of keys',
    options: () => untyped({ topics: { out: { ...texts, key: int64Serde } }, holds }),
    says: /the key of topic out/,
  },
  {
    what: 'a store that no operator has',
    options: () => untyped({ stores: { x: keyValueStore({ name: 'x', ...texts }) }, holds }),
    says: /no operator of the topology has the store x; there are seen, latest, rows/,
  },
  {
    what: 'another store of a known name',
    options: () => untyped({ stores: { x: keyValueStore({ name: 'seen', ...texts }) }, holds }),
    says: /the store seen of the topology is another definition/,
  },
  {
    what: 'a store of windows',
    options: () => untyped({ stores: { w: windowStore({ name: 'w', ...texts, windowMs: 1, retentionMs: 1 }) }, holds }),
    says: /w is of kind window; an invariant looks at key-value stores/,
  },
  {
    what: 'a windowed table',
    options: ({ input }) => {
      const windowed = input
        .groupByKey()
        .windowedBy(TimeWindows.of({ sizeMs: 1, graceMs: 0 }))
        .count({ name: 'w' });
      return untyped({ stores: { windowed }, holds });
    },
    says: /windowed is of kind window/,
  },
  {
    what: 'a table with a history',
    options: ({ input }) => untyped({ stores: { old: input.toTable({ name: 'old', ...texts, historyMs: 5 }) }, holds }),
    says: /old is of kind versioned/,
  },
  {
    what: 'a table that keeps no rows',
    options: ({ rows }) => untyped({ stores: { some: rows.filter(() => true) }, holds }),
    says: /some is a table that keeps no rows of its own; name the table that it is made of/,
  },
  {
    what: 'a global table',
    options: ({ builder }) =>
      untyped({ stores: { rates: builder.globalTable('rates', { ...texts, name: 'rates' }) }, holds }),
    says: /rates is no store of a record; an invariant looks at .* tables that are not global/,
  },
  {
    what: 'a store that is none',
    options: () => untyped({ stores: { x: null }, holds }),
    says: /x is no store of a record/,
  },
  {
    what: 'an input that is no stream',
    options: ({ rows }) => untyped({ inputs: { rows }, stores: { seen }, holds }),
    says: /input rows must be a stream/,
  },
  {
    what: 'an input that was changed',
    options: ({ input }) =>
      untyped({ inputs: { input: input.filter(() => true, { name: 'some' }) }, stores: { seen }, holds }),
    says: /input input must be a stream as builder.stream or repartition returned it.*; some has changed it/,
  },
  {
    what: 'an input of another builder',
    options: () => untyped({ inputs: { input: example().input }, stores: { seen }, holds }),
    says: /different builders/,
  },
  {
    what: 'a table of another builder',
    options: () => untyped({ stores: { rows: example().rows }, holds }),
    says: /different builders/,
  },
  {
    what: 'parts in two sub-topologies',
    options: ({ rows }) => untyped({ topics: { out: texts }, stores: { rows }, holds }),
    says: /topic out in 0, store rows in 1; declare one for each/,
  },
  {
    what: 'an input in another sub-topology',
    options: ({ input, rows }) => untyped({ inputs: { input }, stores: { rows }, holds }),
    says: /store rows in 1, input read in 0/,
  },
  {
    what: 'parts of which a cached table holds one back',
    options: ({ latest }) => untyped({ topics: { updates: texts }, stores: { latest }, holds }),
    says: /topic updates changes when latest-to-table sends its updates on, store latest changes with the record; declare one for each, or leave out cached/,
  },
];

describe('an invariant is refused', () => {
  it.each(rows)('$what', (row) => {
    const parts = example();
    const name = 'name' in row ? row.name : 'rule';
    const declare = () => {
      parts.builder.invariant(name as string, row.options(parts));
      parts.builder.build();
    };
    expect(declare).toThrow(
      expect.objectContaining({ code: 'TOPOLOGY_INVALID', message: expect.stringMatching(row.says) }),
    );
  });

  it('under a name that another one has', () => {
    const { builder } = example();
    builder.invariant('rule', { stores: { seen }, holds });
    expect(() => builder.invariant('rule', { stores: { seen }, holds })).toThrow(/another invariant has this name/);
  });
});

describe('the plan', () => {
  const plan = (declare: (parts: Example) => void) => {
    const parts = example();
    declare(parts);
    return parts.builder.build().plan;
  };

  it('has each invariant where its parts are', () => {
    const { subTopologies } = plan(({ builder, input, rows, latest }) => {
      builder.invariant('first', { inputs: { input }, topics: { out: texts }, stores: { seen }, holds });
      builder.invariant('second', { topics: { far: texts }, stores: { rows }, holds, onBreach: 'fail' });
      builder.invariant('third', { stores: { latest, seen }, holds });
      builder.invariant('fourth', { topics: { updates: texts }, holds });
    });
    const names = subTopologies.map(({ invariants }) => invariants.map(({ name, onBreach }) => [name, onBreach]));
    expect(names).toEqual([
      [
        ['first', 'deadLetter'],
        ['third', 'deadLetter'],
        ['fourth', 'deadLetter'],
      ],
      [['second', 'fail']],
    ]);
    expect(subTopologies[0]!.invariants[0]!.inputs.input).toBe(subTopologies[0]!.sources[0]);
  });

  it('has one over a topic that two sub-topologies write in both', () => {
    const builder = new StreamsBuilder();
    builder.stream('a', texts).to('out', texts);
    builder.stream('b', texts).to('out', { ...texts, name: 'also-out' });
    builder.invariant('rule', { topics: { out: texts }, holds });
    expect(builder.build().plan.subTopologies.map(({ invariants }) => invariants.length)).toEqual([1, 1]);
  });

  it('is the same as without it for all that is on disk and for those who draw it', () => {
    const withOne = plan(({ builder }) => builder.invariant('rule', { stores: { seen }, holds }));
    const without = plan(() => {});
    expect(planJsonOf(withOne)).toEqual(planJsonOf(without));
    expect(describeAsMermaid(withOne)).toBe(describeAsMermaid(without));
  });

  it('lets late records past the cache of their table', () => {
    const builder = new StreamsBuilder();
    const all = keyValueStore({ name: 'all', ...texts });
    const input = builder.stream('in', texts);
    input.process({ name: 'keep', stores: { all }, processor: () => () => {} });
    input
      .groupByKey()
      .windowedBy(TimeWindows.of({ sizeMs: 1, graceMs: 0 }))
      .count({ name: 'counts', cached: true, late: (late) => late.to('late', texts) })
      .toStream()
      .map(({ key }, count) => [key, count])
      .to('out', { key: stringSerde, value: countSerde });
    builder.invariant('rule', { topics: { late: texts }, stores: { all }, holds });
    expect(builder.build().plan.subTopologies[0]!.invariants).toHaveLength(1);
  });
});
