import {
  countSerde,
  type KGroupedStream,
  type KGroupedTable,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  TimeWindows,
} from 'headrace';
import { describe, expect, it } from 'vitest';
import { planDifferences } from '../../src/streams/topology/diff/plan-diff.ts';
import { planJsonOf } from '../../src/streams/topology/plan-json.ts';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };
const time = TimeWindows.of({ sizeMs: 10, graceMs: 0 });
const sliding = SlidingWindows.of({ timeDifferenceMs: 10, graceMs: 0 });
const sessions = SessionWindows.of({ gapMs: 10, graceMs: 0 });

interface Begun {
  readonly builder: StreamsBuilder;
  readonly grouped: KGroupedStream<string, string>;
  readonly rows: KGroupedTable<string, string>;
}
type Option = { readonly cached?: boolean };

const counted = { name: 's', initializer: () => 0, value: countSerde };
const more = (_key: string, _value: string, count: number) => count + 1;
const merger = (_key: string, one: number, other: number) => one + other;
const reducer = (_one: string, other: string) => other;
const both = { adder: more, subtractor: more };

/** Everything that makes a stored table. */
const tables: Readonly<Record<string, (begun: Begun, option: Option) => unknown>> = {
  'a topic': ({ builder }, option) => builder.table('rows', { ...serdes, name: 's', ...option }),
  'a stream': ({ builder }, option) => builder.stream('other', serdes).toTable({ ...serdes, name: 's', ...option }),
  count: ({ grouped }, option) => grouped.count({ name: 's', ...option }),
  reduce: ({ grouped }, option) => grouped.reduce({ name: 's', reducer, ...option }),
  aggregate: ({ grouped }, option) => grouped.aggregate({ ...counted, aggregator: more, ...option }),
  'count in windows': ({ grouped }, option) => grouped.windowedBy(time).count({ name: 's', ...option }),
  'reduce in windows': ({ grouped }, option) => grouped.windowedBy(time).reduce({ name: 's', reducer, ...option }),
  'sliding windows': ({ grouped }, option) =>
    grouped.windowedBy(sliding).aggregate({ ...counted, aggregator: more, ...option }),
  'count in sessions': ({ grouped }, option) => grouped.windowedBy(sessions).count({ name: 's', ...option }),
  'reduce in sessions': ({ grouped }, option) => grouped.windowedBy(sessions).reduce({ name: 's', reducer, ...option }),
  sessions: ({ grouped }, option) =>
    grouped.windowedBy(sessions).aggregate({ ...counted, aggregator: more, merger, ...option }),
  cogroup: ({ grouped }, option) => grouped.cogroup(more).aggregate({ ...counted, ...option }),
  'cogroup in windows': ({ grouped }, option) =>
    grouped
      .cogroup(more)
      .windowedBy(time)
      .aggregate({ ...counted, ...option }),
  'cogroup in sessions': ({ grouped }, option) =>
    grouped
      .cogroup(more)
      .windowedBy(sessions)
      .aggregate({ ...counted, merger, ...option }),
  'count of rows': ({ rows }, option) => rows.count({ name: 's', ...option }),
  'reduce of rows': ({ rows }, option) => rows.reduce({ name: 's', adder: reducer, subtractor: reducer, ...option }),
  'aggregate of rows': ({ rows }, option) => rows.aggregate({ ...counted, ...both, ...option }),
};

function planWith(make: (begun: Begun, option: Option) => unknown, option: Option) {
  const builder = new StreamsBuilder();
  const grouped = builder.stream('in', serdes).groupByKey({ ...serdes, name: 'by-key' });
  const table = builder.table('grouped-rows', { ...serdes, name: 'grouped-rows' });
  const rows = table.groupBy((key, value) => [value, key], { ...serdes, name: 'by-value' });
  make({ builder, grouped, rows }, option);
  const { plan } = builder.build();
  const operators = plan.subTopologies.flatMap(({ nodes }) => nodes);
  const cached = operators
    .filter((node) => 'cached' in node && node.cached)
    .map((node) => 'store' in node && node.store);
  return { json: planJsonOf(plan), cached };
}

describe('the option cached', () => {
  it.each(Object.entries(tables))('of %s reaches its operator, and moves no state', (_what, make) => {
    const [plain, withFalse, cached] = [{}, { cached: false }, { cached: true }].map((each) => planWith(make, each));
    expect(plain!.cached).toEqual([]);
    expect(withFalse).toEqual(plain);
    expect(cached!.cached).toEqual([expect.objectContaining({ name: 's' })]);
    const differences = planDifferences(plain!.json, cached!.json);
    expect(differences).toEqual([expect.objectContaining({ effect: 'harmless' })]);
    expect(differences[0]!.message).toContain('cached');
  });

  it('of a table that cannot be cached is refused', () => {
    const refused = expect.objectContaining({ code: 'TOPOLOGY_INVALID' });
    const emit = 'onWindowClose';
    const refusing: readonly ((begun: Begun, option: Option) => unknown)[] = [
      ({ grouped }, option) => grouped.windowedBy(time).count({ name: 's', emit, ...option }),
      ({ grouped }, option) => grouped.windowedBy(sessions).count({ name: 's', emit, ...option }),
      ({ builder }, option) => builder.table('rows', { ...serdes, name: 's', historyMs: 1, ...option }),
      ({ builder }, option) =>
        builder.stream('other', serdes).toTable({ ...serdes, name: 's', historyMs: 1, ...option }),
    ];
    for (const make of refusing) {
      expect(() => planWith(make, { cached: true })).toThrow(refused);
      expect(planWith(make, { cached: false }).cached).toEqual([]);
    }
    expect(() => planWith(tables.count!, { cached: 'yes' as never })).toThrow(refused);
  });
});
