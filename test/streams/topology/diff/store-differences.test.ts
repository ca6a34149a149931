import { int64Serde, jsonSerde, SessionWindows, stringSerde } from 'headrace';
import { describe, it } from 'vitest';
import {
  counted,
  type DiffCase,
  expectDifferences,
  globalTable,
  input,
  joined,
  serdes,
  stored,
  unnamed,
  windowed,
} from './wires.ts';

describe('stores', () => {
  it.each<DiffCase>([
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
      'a global table, which is read again',
      globalTable('rates', stringSerde),
      globalTable('prices', stringSerde),
      [
        'changes: store rates of a global table, looks renamed to prices (globalTable of rates-topic): it is read again from the beginning of its topic',
        'harmless: operators that keep nothing on disk (changed: globalJoin 1)',
      ],
    ],
    [
      'a serde of a global table',
      globalTable('rates', stringSerde),
      globalTable('rates', jsonSerde<string>()),
      [
        'changes: store rates of a global table, its value was written by string and would be read by json: it is read again from the beginning of its topic',
        'harmless: topic rates-topic: its value is read by json rather than string',
      ],
    ],
    [
      'partners of a join of two streams',
      joined(1_000),
      joined(2_000),
      [
        /^changes: store pairs\S* keeps 2 s \(retentionMs\) and would keep 4 s/,
        /^changes: store pairs\S*: windowMs is 2 s and would be 4 s/,
        /windows.afterMs of pairs\S* is 1 s and would be 2 s: partners are found as far back as they were kept before/,
        /windows.beforeMs of pairs/,
        /^changes: store pairs\S* keeps/,
        /^changes: store pairs\S*: windowMs is 2 s and would be 4 s/,
      ],
    ],
  ])('%s', (_what, before, after, expected) => expectDifferences(before, after, expected));
});
