import {
  countSerde,
  type KTable,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  stringSerde,
  TimeWindows,
  type Windowed,
} from 'headrace';
import { describe, expect, expectTypeOf, it } from 'vitest';

const serdes = { key: stringSerde, value: stringSerde };
const grouped = () => new StreamsBuilder().stream('in', serdes).groupByKey();
const invalid = expect.objectContaining({ code: 'TOPOLOGY_INVALID' });

describe('windows', () => {
  it('are frozen data', () => {
    expect(TimeWindows.of({ sizeMs: 10, graceMs: 0 })).toEqual({ kind: 'time', sizeMs: 10, advanceMs: 10, graceMs: 0 });
    for (const windows of [
      TimeWindows.of({ sizeMs: 10, graceMs: 0 }),
      SlidingWindows.of({ timeDifferenceMs: 0, graceMs: 0 }),
      SessionWindows.of({ gapMs: 1, graceMs: 0 }),
    ]) {
      expect(Object.isFrozen(windows)).toBe(true);
    }
  });

  it.each([
    ['no size', () => TimeWindows.of({ sizeMs: 0, graceMs: 0 })],
    ['a fraction', () => TimeWindows.of({ sizeMs: 1.5, graceMs: 0 })],
    ['a negative grace', () => TimeWindows.of({ sizeMs: 10, graceMs: -1 })],
    ['no advance', () => TimeWindows.of({ sizeMs: 10, advanceMs: 0, graceMs: 0 })],
    ['holes between windows', () => TimeWindows.of({ sizeMs: 10, advanceMs: 11, graceMs: 0 })],
    ['a negative difference', () => SlidingWindows.of({ timeDifferenceMs: -1, graceMs: 0 })],
    ['an endless grace', () => SlidingWindows.of({ timeDifferenceMs: 1, graceMs: Number.POSITIVE_INFINITY })],
    ['no gap', () => SessionWindows.of({ gapMs: 0, graceMs: 0 })],
    // @ts-expect-error A window without grace does not compile.
    ['no grace', () => TimeWindows.of({ sizeMs: 10 })],
    // @ts-expect-error Nor does a session without grace.
    ['no grace of sessions', () => SessionWindows.of({ gapMs: 10 })],
    // @ts-expect-error Nor do sliding windows without grace.
    ['no grace of sliding windows', () => SlidingWindows.of({ timeDifferenceMs: 10 })],
    // @ts-expect-error Nor does one written by hand.
    ['no grace by hand', () => grouped().windowedBy({ kind: 'time', sizeMs: 10, advanceMs: 10 })],
  ])('refuse %s', (_what, make) => {
    expect(make).toThrowError(invalid);
  });

  it('give a table of windowed keys', () => {
    const counts = grouped()
      .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }))
      .count({ name: 'counts' });
    expectTypeOf(counts).toEqualTypeOf<KTable<Windowed<string>, number>>();
    const sessions = grouped()
      .windowedBy(SessionWindows.of({ gapMs: 10, graceMs: 0 }))
      .reduce({ name: 'sessions', reducer: (all, value) => all + value });
    expectTypeOf(sessions).toEqualTypeOf<KTable<Windowed<string>, string>>();
    // @ts-expect-error Keys of windows are not text.
    counts.toStream().to('out', { key: stringSerde, value: countSerde });
    const input = grouped().windowedBy(SessionWindows.of({ gapMs: 1, graceMs: 0 }));
    const folds = { initializer: () => '', aggregator: () => '', value: stringSerde };
    // @ts-expect-error Sessions that merge need a merger.
    input.aggregate({ name: 'unmerged', ...folds });
  });

  it('are kept at least until they close', () => {
    const keep = (retentionMs: number) =>
      grouped()
        .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 5 }))
        .count({ name: 'counts', retentionMs });
    expect(() => keep(14)).toThrowError(invalid);
    expect(() => keep(15.5)).toThrowError(invalid);
    keep(15);
    const slide = (retentionMs: number) =>
      grouped()
        .windowedBy(SlidingWindows.of({ timeDifferenceMs: 10, graceMs: 5 }))
        .count({ name: 'counts', retentionMs });
    expect(() => slide(24)).toThrowError(invalid);
    slide(25);
  });
});

describe('suppress', () => {
  const counts = () =>
    grouped()
      .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }))
      .count({ name: 'counts' });
  const table = () => new StreamsBuilder().table('in', { ...serdes, name: 'table' });

  it('until windows close is for windowed tables', () => {
    counts().suppress({ name: 'final', kind: 'windowCloses' });
    // @ts-expect-error A table without windows has none that close.
    expect(() => table().suppress({ name: 'final', kind: 'windowCloses' })).toThrowError(invalid);
  });

  it.each([
    ['a fraction of a millisecond', () => table().suppress({ name: 'x', kind: 'timeLimit', ms: 0.5 })],
    ['no room', () => table().suppress({ name: 'x', kind: 'timeLimit', ms: 1, maxRecords: 0 })],
    ['no name', () => table().suppress({ name: '', kind: 'timeLimit', ms: 1 })],
    ['an unknown serde', () => table().mapValues(Number).suppress({ name: 'x', kind: 'timeLimit', ms: 1 })],
  ])('refuses %s', (_what, make) => {
    expect(make).toThrowError(invalid);
  });
});
