import {
  type HeadraceError,
  JoinWindows,
  keyValueStore,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  TimeWindows,
} from 'headrace';
import { describe, expect, it } from 'vitest';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };
const hour = TimeWindows.of({ sizeMs: 3_600_000, graceMs: 0 });
const near = SlidingWindows.of({ timeDifferenceMs: 10, graceMs: 0 });
const sessions = SessionWindows.of({ gapMs: 10, graceMs: 0 });

/** The refusal of what JavaScript lets through: an option that the types demand is left out or something else. */
function refusal(wire: (builder: StreamsBuilder, name: never) => unknown, name: unknown): string {
  const builder = new StreamsBuilder();
  try {
    wire(builder, name as never);
    builder.build();
  } catch (error) {
    return `${(error as HeadraceError).code}: ${(error as HeadraceError).message}`;
  }
  return 'built';
}

const stream = (builder: StreamsBuilder) => builder.stream('in', serdes);
const rekeyed = (builder: StreamsBuilder) => stream(builder).selectKey((_key, value) => value, { key: text });
const table = (builder: StreamsBuilder) => builder.table('rows', { ...serdes, name: 'rows' });
const other = (builder: StreamsBuilder) => builder.table('other', { ...serdes, name: 'other' });
const grouped = (builder: StreamsBuilder) => stream(builder).groupByKey();
const sum = { initializer: () => '', aggregator: () => '', value: text };
const group = { selector: (_key: string, value: string) => [value, value] as const };

/** Every operator that keeps something on disk, each with the place where its name stands. */
const STATEFUL: Readonly<Record<string, (builder: StreamsBuilder, name: never) => unknown>> = {
  table: (b, name) => b.table('rows', { ...serdes, name }),
  globalTable: (b, name) => b.globalTable('rows', { ...serdes, name }),
  'join of two streams': (b, name) =>
    stream(b).join(b.stream('more', serdes), () => '', {
      ...serdes,
      otherValue: text,
      name,
      windows: JoinWindows.of({ timeDifferenceMs: 10, graceMs: 0 }),
    }),
  'left join of two streams': (b, name) =>
    stream(b).leftJoin(b.stream('more', serdes), () => '', {
      ...serdes,
      otherValue: text,
      name,
      windows: JoinWindows.of({ timeDifferenceMs: 10, graceMs: 0 }),
    }),
  toTable: (b, name) => stream(b).toTable({ ...serdes, name }),
  count: (b, name) => grouped(b).count({ name }),
  reduce: (b, name) => grouped(b).reduce({ name, reducer: (all) => all }),
  aggregate: (b, name) => grouped(b).aggregate({ ...sum, name }),
  'count of windows': (b, name) => grouped(b).windowedBy(hour).count({ name }),
  'reduce of windows': (b, name) =>
    grouped(b)
      .windowedBy(hour)
      .reduce({ name, reducer: (all) => all }),
  'aggregate of sliding windows': (b, name) =>
    grouped(b)
      .windowedBy(near)
      .aggregate({ ...sum, name }),
  'count of sessions': (b, name) => grouped(b).windowedBy(sessions).count({ name }),
  'aggregate of sessions': (b, name) =>
    grouped(b)
      .windowedBy(sessions)
      .aggregate({ ...sum, merger: () => '', name }),
  suppress: (b, name) => table(b).suppress({ name, kind: 'timeLimit', ms: 10 }),
  'repartition of groupBy on a table': (b, name) =>
    table(b)
      .groupBy(group.selector, { ...serdes, name })
      .count({ name: 'counted' }),
  'count of a grouped table': (b, name) =>
    table(b)
      .groupBy(group.selector, { ...serdes, name: 'grouped' })
      .count({ name }),
  joinOnForeignKey: (b, name) =>
    table(b).joinOnForeignKey(
      other(b),
      (value) => value,
      () => '',
      { name, value: text },
    ),
  process: (b, name) => stream(b).process({ name, processor: () => () => {} }),
  processValues: (b, name) => stream(b).processValues({ name, processor: () => () => {} }),
  'store of process': (b, name) =>
    stream(b).process({ name: 'p', stores: { s: keyValueStore({ ...serdes, name }) }, processor: () => () => {} }),
  repartition: (b, name) => stream(b).repartition({ ...serdes, name }),
  'repartition of groupBy': (b, name) =>
    stream(b)
      .groupBy((_key, value) => value, { ...serdes, name })
      .count({ name: 'counted' }),
  'repartition of groupByKey': (b, name) =>
    rekeyed(b)
      .groupByKey({ ...serdes, name })
      .count({ name: 'counted' }),
  'repartition of windowedBy': (b, name) =>
    rekeyed(b)
      .groupByKey({ ...serdes, name })
      .windowedBy(hour)
      .count({ name: 'counted' }),
  'repartition of a join': (b, name) => rekeyed(b).join(table(b), () => '', { ...serdes, name }),
};

describe.each(Object.entries(STATEFUL))('%s', (_operator, wire) => {
  it('has a name given by the user', () => {
    expect(refusal(wire, 'mine')).toBe('built');
    for (const name of [undefined, null, 7, '', {}]) {
      const message = refusal(wire, name);
      expect(message).toMatch(/^TOPOLOGY_INVALID: /);
      expect(message).toMatch(/name/);
    }
  });

  it('refuses names that are generated, those of the engine, and what is no name', () => {
    expect(refusal(wire, 'KSTREAM-AGGREGATE-STATE-STORE-0000000003')).toMatch(
      /^TOPOLOGY_INVALID: .*KSTREAM-AGGREGATE-STATE-STORE-0000000003\S* is a generated name.*option name/,
    );
    expect(refusal(wire, '__mine')).toMatch(/^TOPOLOGY_INVALID: .*"__" belong to the engine/);
    for (const name of ['a b', '..', 'a/b', 'ä', 'x'.repeat(201)]) {
      expect(refusal(wire, name)).toMatch(/^TOPOLOGY_INVALID: .*1 to 200 characters/);
    }
  });
});

describe('names', () => {
  it('may be left out where nothing of the operator is on disk', () => {
    const wire = (builder: StreamsBuilder) =>
      stream(builder)
        .filter(() => true)
        .leftJoin(table(builder), () => '')
        .merge(builder.stream('more', serdes))
        .to('out', serdes);
    expect(refusal(wire, undefined)).toBe('built');
  });

  it('do not meet those that the plan makes of them', () => {
    const wire = (builder: StreamsBuilder) =>
      stream(builder)
        .repartition({ ...serdes, name: 'by-word' })
        .filter(() => true, { name: 'by-word-repartition-sink' });
    expect(refusal(wire, undefined)).toMatch(/Two operators have the name by-word-repartition-sink/);
  });

  it('are taken once for a store, also by what an operator makes of its name', () => {
    const wire = (builder: StreamsBuilder) => {
      STATEFUL.joinOnForeignKey!(builder, 'orders' as never);
      grouped(builder).count({ name: 'orders-subscriptions' });
    };
    expect(refusal(wire, undefined)).toMatch(/two stores have the name orders-subscriptions/);
  });
});
