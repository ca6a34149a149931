import fc from 'fast-check';
import {
  type Emit,
  type KGroupedStream,
  type KTable,
  SessionWindows,
  SlidingWindows,
  TimeWindows,
  type Windowed,
} from 'headrace';
import { describe, expect, it } from 'vitest';
import { joined, WindowedDriver } from './windowed-driver.ts';

type Grouped = KGroupedStream<string, string>;
type Make = (grouped: Grouped, emit: Emit) => KTable<Windowed<string>, string>;

const kinds: readonly (readonly [string, Make])[] = [
  [
    'tumbling',
    (grouped, emit) =>
      grouped.windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 4 })).aggregate({ name: 's', emit, ...joined }),
  ],
  [
    'hopping',
    (grouped, emit) =>
      grouped
        .windowedBy(TimeWindows.of({ sizeMs: 10, advanceMs: 3, graceMs: 4 }))
        .aggregate({ name: 's', emit, ...joined }),
  ],
  [
    'sliding',
    (grouped, emit) =>
      grouped
        .windowedBy(SlidingWindows.of({ timeDifferenceMs: 5, graceMs: 4 }))
        .aggregate({ name: 's', emit, ...joined }),
  ],
  [
    'session',
    (grouped, emit) =>
      grouped
        .windowedBy(SessionWindows.of({ gapMs: 3, graceMs: 4 }))
        .aggregate({ name: 's', emit, ...joined, merger: (_key, one, other) => `${one}${other}` }),
  ],
];

const record = fc.record({
  key: fc.constantFrom('a', 'b', 'ab'),
  /** Steps of time; back as well. */
  step: fc.integer({ min: -6, max: 12 }),
  fate: fc.constantFrom('commit', 'crash', 'both', 'nothing', 'nothing'),
});

describe.each(kinds)('%s windows through crashes', (_kind, make) => {
  const outcomes: readonly (readonly [string, (grouped: Grouped) => KTable<Windowed<string>, string>])[] = [
    ['on update', (grouped) => make(grouped, 'onUpdate')],
    ['on window close', (grouped) => make(grouped, 'onWindowClose')],
    ['suppressed', (grouped) => make(grouped, 'onUpdate').suppress({ name: 'final', kind: 'windowCloses' })],
  ];

  it.each(outcomes)('%s: the same comes out as without any', (_outcome, table) => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 40 }), (records) => {
        const calm = new WindowedDriver(table);
        const shaken = new WindowedDriver(table, 'manual');
        let now = 10;
        for (const [index, { key, step, fate }] of records.entries()) {
          now = Math.max(0, now + step);
          calm.pipe(key, String(index), now);
          shaken.pipe(key, String(index), now);
          if (fate === 'commit' || fate === 'both') shaken.driver.commit();
          if (fate === 'crash' || fate === 'both') shaken.driver.crash();
        }
        shaken.driver.commit();
        expect(shaken.rows()).toEqual(calm.rows());
        expect(shaken.driver.storeEntries('s')).toEqual(calm.driver.storeEntries('s'));
      }),
      { numRuns: 60 },
    );
  });

  it('on window close sends each window once, as it was last on update', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 40 }), (records) => {
        const updates = new WindowedDriver((grouped) => make(grouped, 'onUpdate'));
        const finals = new WindowedDriver((grouped) => make(grouped, 'onWindowClose'));
        let now = 100;
        const pipe = (key: string, value: string, timestamp: number) => {
          updates.pipe(key, value, timestamp);
          finals.pipe(key, value, timestamp);
        };
        for (const [index, { key, step }] of records.entries()) {
          now = Math.max(0, now + step);
          pipe(key, String(index), now);
        }
        // A record far behind closes everything, and is itself still open.
        pipe('end', 'end', 1_000_000);
        const last = new Map(updates.rows().map((row) => [row[0], row]));
        const expected = [...last.values()].filter(([key, value]) => value !== null && !key.startsWith('end@'));
        const sent = finals.rows();
        expect([...sent].sort()).toEqual(expected.sort());
        expect(new Set(sent.map(([key]) => key)).size).toBe(sent.length);
      }),
      { numRuns: 100 },
    );
  });
});
