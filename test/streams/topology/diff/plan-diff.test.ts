import {
  int64Serde,
  JoinWindows,
  jsonSerde,
  keyValueStore,
  type Serde,
  SessionWindows,
  StreamsBuilder,
  stringSerde,
  TimeWindows,
} from 'headrace';
import { describe, expect, it } from 'vitest';
import { planDifferences } from '../../../../src/streams/topology/diff/plan-diff.ts';
import { movesState } from '../../../../src/streams/topology/diff/plan-difference.ts';
import { planJsonOf } from '../../../../src/streams/topology/plan-json.ts';

const serdes = { key: stringSerde, value: stringSerde };
const unnamed: Serde<string> = { serialize: stringSerde.serialize, deserialize: stringSerde.deserialize };

type Wire = (builder: StreamsBuilder) => unknown;

function planOf(wire: Wire) {
  const builder = new StreamsBuilder();
  wire(builder);
  return planJsonOf(builder.build().plan);
}

/** `effect: message` of each difference. */
function differences(before: Wire, after: Wire): readonly string[] {
  return planDifferences(planOf(before), planOf(after)).map(({ effect, message }) => `${effect}: ${message}`);
}

const input = (builder: StreamsBuilder, topic = 'in') => builder.stream(topic, serdes);
const counted =
  (name: string, topic = 'in'): Wire =>
  (b) =>
    input(b, topic).groupByKey().count({ name });
const windowed =
  (
    sizeMs: number,
    graceMs: number,
    options: { readonly emit?: 'onWindowClose'; readonly retentionMs?: number } = {},
  ): Wire =>
  (b) =>
    input(b)
      .groupByKey()
      .windowedBy(TimeWindows.of({ sizeMs, graceMs }))
      .count({ name: 'hourly', retentionMs: 100_000, ...options });
const stored =
  (value: Serde<never> | Serde<string>): Wire =>
  (b) =>
    input(b).toTable({ name: 'rows', key: stringSerde, value: value as Serde<string> });
const regrouped =
  (name: string, partitions?: number): Wire =>
  (b) =>
    input(b)
      .selectKey((_key, value) => value, { key: stringSerde, name: 'rekey' })
      .repartition({ ...serdes, name, ...(partitions === undefined ? {} : { partitions }) })
      .groupByKey()
      .count({ name: 'counts' });
const globalTable =
  (name: string, value: Serde<string>): Wire =>
  (b) =>
    input(b).join(
      b.globalTable('rates-topic', { name, key: stringSerde, value }),
      (_key, own) => own,
      (own) => own,
    );
const joined =
  (timeDifferenceMs: number): Wire =>
  (b) =>
    input(b).join(input(b, 'other'), (left) => left, {
      name: 'pairs',
      windows: JoinWindows.of({ timeDifferenceMs, graceMs: 0 }),
      ...serdes,
    });
const processed =
  (name: string): Wire =>
  (b) => {
    const seen = keyValueStore({ name: 'seen', ...serdes });
    input(b).process({ name, stores: { seen }, processor: () => () => {} });
  };

describe('what moves state', () => {
  it.each<[what: string, before: Wire, after: Wire, expected: readonly (string | RegExp)[]]>([
    ['nothing', counted('sums'), counted('sums'), []],
    [
      'a store that is removed',
      (b) => [counted('sums')(b), input(b, 'more').groupByKey().count({ name: 'extra' })],
      counted('sums'),
      [/^loses: store extra is removed: .* nobody would read it/, /^changes: topic more is not read any more/],
    ],
    [
      'a store that is added',
      counted('sums'),
      (b) => {
        const grouped = input(b).groupByKey();
        grouped.count({ name: 'sums' });
        grouped.reduce({ name: 'last', reducer: (_all, value) => value });
      },
      ['changes: store last is added: it begins empty and lacks what was processed before'],
    ],
    [
      'a store that is renamed',
      counted('sums'),
      counted('totals'),
      [
        /^loses: store sums looks renamed to totals \(aggregate of in\): the state would be lost; keep the name, or migrate/,
      ],
    ],
    [
      'no rename where the place is another',
      counted('sums'),
      (b) => input(b, 'other').groupByKey().count({ name: 'totals' }),
      [
        /^loses: store sums is removed/,
        /^changes: store totals is added/,
        /in is not read/,
        /^harmless: topic other is read/,
      ],
    ],
    [
      'another kind of store',
      counted('hourly'),
      windowed(1_000, 0),
      [
        /^loses: store hourly is a keyValue store and would be a window store: .* read wrongly; give the new one another name/,
      ],
    ],
    [
      'another operator over the same kind of store',
      counted('rows'),
      (b) => input(b).toTable({ name: 'rows', ...serdes }),
      [
        /^loses: store rows is kept by aggregate and would be kept by toTable/,
        /^loses: store rows: its value was written by int64 and would be read by string/,
      ],
    ],
    [
      'a store fed from elsewhere',
      counted('sums', 'a'),
      counted('sums', 'b'),
      [
        /^changes: store sums is made from a and would be made from b/,
        /begins with topic b rather than a/,
        /^changes: topic a/,
        /^harmless: topic b/,
      ],
    ],
    [
      'windows of another size',
      windowed(3_600_000, 0, { retentionMs: 86_400_000 }),
      windowed(600_000, 0, { retentionMs: 86_400_000 }),
      [
        'loses: store hourly: windowMs is 1 h and would be 10 min',
        /^loses: store hourly: windows.advanceMs of hourly-aggregate is 1 h and would be 10 min/,
        /^loses: store hourly: windows.sizeMs of hourly-aggregate is 1 h and would be 10 min: the rows of the old windows/,
      ],
    ],
    [
      'sessions in place of windows',
      windowed(1_000, 0),
      (b) =>
        input(b)
          .groupByKey()
          .windowedBy(SessionWindows.of({ gapMs: 1_000, graceMs: 0 }))
          .count({ name: 'hourly' }),
      [/^loses: store hourly is a window store and would be a session store/],
    ],
    [
      'retention',
      windowed(1_000, 0, { retentionMs: 86_400_000 }),
      windowed(1_000, 0, { retentionMs: 3_600_000 }),
      ['changes: store hourly keeps 1 d (retentionMs) and would keep 1 h: what is older is deleted'],
    ],
    [
      'grace and emit, which touch nothing on disk',
      windowed(1_000, 0),
      windowed(1_000, 500, { emit: 'onWindowClose' }),
      [
        'harmless: store hourly: emit of hourly-aggregate is onUpdate and would be onWindowClose; what is on disk stays as it is',
        'harmless: store hourly: windows.graceMs of hourly-aggregate is 0 ms and would be 500 ms; what is on disk stays as it is',
      ],
    ],
    [
      'a serde',
      stored(stringSerde),
      stored(jsonSerde<string>()),
      ['loses: store rows: its value was written by string and would be read by json'],
    ],
    [
      'two names for the same bytes',
      (b) => input(b).groupByKey().count({ name: 'rows' }),
      (b) =>
        input(b)
          .groupByKey()
          .aggregate({ name: 'rows', initializer: () => 0n, aggregator: () => 0n, value: int64Serde }),
      [],
    ],
    [
      'a serde without a name',
      stored(stringSerde),
      stored(unnamed),
      ['changes: store rows: its value was written by string and would be read by a serde without a name'],
    ],
    [
      'a repartition that is renamed',
      regrouped('by-word'),
      regrouped('per-word'),
      [
        'loses: repartition topic by-word-repartition looks renamed to per-word-repartition: records under way in it would be lost: let the application drain it first',
        /begins with topic per-word-repartition rather than by-word-repartition/,
      ],
    ],
    [
      'a repartition that goes',
      regrouped('by-word'),
      (b) => input(b).groupByKey().count({ name: 'counts' }),
      [
        /^loses: repartition topic by-word-repartition is removed: records under way/,
        /begins with topic in/,
        /^harmless: .*removed: map rekey/,
      ],
    ],
    [
      'a repartition that comes',
      (b) => input(b).groupByKey().count({ name: 'counts' }),
      regrouped('by-word'),
      [/^changes: repartition topic by-word-repartition is added/, /begins with/, /^harmless: .*added: map rekey/],
    ],
    [
      'partitions',
      regrouped('by-word', 4),
      regrouped('by-word', 8),
      [/^loses: repartition topic by-word-repartition has 4 partitions and would have 8 partitions/],
    ],
    [
      'a processor that is renamed',
      processed('post'),
      processed('book'),
      [
        /^changes: process post looks renamed to book: its stores stay, and what it has scheduled on stream time begins anew/,
      ],
    ],
    [
      'a global table, which is read again',
      globalTable('rates', stringSerde),
      globalTable('prices', stringSerde),
      [
        'changes: store rates of a global table looks renamed to prices (globalTable of rates-topic): it is read again from the beginning of its topic',
        'harmless: operators that keep nothing on disk (changed: globalJoin 1)',
      ],
    ],
    [
      'a serde of a global table',
      globalTable('rates', stringSerde),
      globalTable('rates', jsonSerde<string>()),
      [
        'changes: store rates of a global table its value was written by string and would be read by json: it is read again from the beginning of its topic',
        'harmless: topic rates-topic : its value is read by json rather than string',
      ],
    ],
    ['partners of a join of two streams', joined(1_000), joined(2_000), [/x/]],
    [
      'operators without state, in one line',
      (b) =>
        input(b)
          .filter(() => true, { name: 'large' })
          .to('out'),
      (b) =>
        input(b)
          .mapValues((value) => value)
          .peek(() => {}, { name: 'seen' })
          .to('out', serdes),
      ['harmless: operators that keep nothing on disk (added: map 1, peek seen; removed: filter large)'],
    ],
    [
      'other generated numbers, which say nothing',
      counted('sums'),
      (b) => {
        builderNoise(b);
        counted('sums')(b);
      },
      ['harmless: topic noise is read as well, from its beginning'],
    ],
  ])('%s', (_what, before, after, expected) => {
    const found = differences(before, after);
    expect(found).toHaveLength(expected.length);
    expected.forEach((each, index) => {
      if (typeof each === 'string') expect(found[index]).toBe(each);
      else expect(found[index]).toMatch(each);
    });
  });

  it('is told apart from what does not', () => {
    const moves = (before: Wire, after: Wire) => movesState(planDifferences(planOf(before), planOf(after)));
    expect(moves(counted('a'), counted('a'))).toBe(false);
    expect(moves(windowed(1_000, 0), windowed(1_000, 500))).toBe(false);
    expect(moves(counted('a'), counted('b'))).toBe(true);
  });
});

function builderNoise(builder: StreamsBuilder): void {
  builder.stream('noise', serdes);
}
