import { TimeWindows } from 'headrace';
import { describe, expect, it } from 'vitest';
import { joined, WindowedDriver } from './windowed-driver.ts';

const tumbling = TimeWindows.of({ sizeMs: 10, graceMs: 5 });

describe('aggregates over time windows', () => {
  it('put each record into its window, late ones too, and drop what comes after the grace', () => {
    const subject = new WindowedDriver((grouped) => grouped.windowedBy(tumbling).aggregate({ name: 's', ...joined }));
    const rows = subject.run([
      ['a', '1', 3],
      ['a', '2', 12],
      ['a', 'late', 9],
      ['b', '3', 14],
      ['a', 'last', 0],
      ['b', '4', 15],
      ['a', 'too late', 9],
    ]);
    expect(rows).toEqual([
      ['a@0/10', '.1', 3],
      ['a@10/20', '.2', 12],
      ['a@0/10', '.1.late', 9],
      ['b@10/20', '.3', 14],
      ['a@0/10', '.1.late.last', 9],
      ['b@10/20', '.3.4', 15],
    ]);
    expect(subject.driver.counters).toMatchObject({ skipped: 1, deadLetters: 0 });
  });

  it('hopping: a record is in every window that holds its time, and is dropped from those that have closed', () => {
    const windows = TimeWindows.of({ sizeMs: 10, advanceMs: 5, graceMs: 0 });
    const subject = new WindowedDriver((grouped) => grouped.windowedBy(windows).aggregate({ name: 's', ...joined }));
    expect(
      subject.run([
        ['a', '1', 7],
        ['a', '2', 11],
        ['a', 'late', 9],
      ]),
    ).toEqual([
      ['a@0/10', '.1', 7],
      ['a@5/15', '.1', 7],
      ['a@5/15', '.1.2', 11],
      ['a@10/20', '.2', 11],
      ['a@5/15', '.1.2.late', 11],
    ]);
    expect(subject.driver.counters.skipped).toBe(1);
  });

  it('skip a null key, give a null value to the aggregator, and delete the row where the aggregate is null', () => {
    const subject = new WindowedDriver((grouped) =>
      grouped.windowedBy(tumbling).aggregate({
        ...joined,
        name: 's',
        aggregator: (_key, value, all) => (value === 'delete' ? null : `${all}.${value}`),
      }),
    );
    expect(
      subject.run([
        [null, 'x', 1],
        ['a', null, 2],
        ['a', 'delete', 3],
        ['a', '1', 1],
      ]),
    ).toEqual([
      ['a@0/10', '.null', 2],
      ['a@0/10', null, 3],
      ['a@0/10', '.1', 1],
    ]);
    expect(subject.driver.counters.skipped).toBe(1);
  });

  it('emit on window close: each window once, in the order of time, when its grace is over', () => {
    const make = (retentionMs?: number) =>
      new WindowedDriver((grouped) =>
        grouped.windowedBy(tumbling).reduce({
          name: 's',
          emit: 'onWindowClose',
          reducer: (all, value) => all + value,
          ...(retentionMs === undefined ? {} : { retentionMs }),
        }),
      );
    for (const retentionMs of [undefined, 1_000]) {
      const subject = make(retentionMs);
      expect(
        subject.run([
          ['b', '1', 3],
          ['a', '2', 14],
          ['a', '3', 4],
        ]),
      ).toEqual([]);
      expect(subject.run([['c', '4', 15]])).toEqual([
        ['a@0/10', '3', 4],
        ['b@0/10', '1', 3],
      ]);
      // A jump in time closes all that is open, although it is long out of the retention by then.
      expect(subject.run([['a', '5', 100_000]])).toEqual([
        ['a@10/20', '2', 14],
        ['c@10/20', '4', 15],
      ]);
      expect(subject.run([['a', '6', 100_014]])).toEqual([]);
    }
  });

  it('keep windows as long as they may change, and no longer than the retention', () => {
    const subject = new WindowedDriver((grouped) =>
      grouped.windowedBy(tumbling).aggregate({ name: 's', retentionMs: 40, ...joined }),
    );
    subject.run([
      ['a', '1', 1],
      ['a', '2', 31],
    ]);
    const starts = () =>
      subject.driver.storeEntries<{ window: { start: number } }, string>('s').map(([{ window }]) => window.start);
    expect(starts()).toEqual([0, 30]);
    subject.run([['a', '3', 60]]);
    expect(starts()).toEqual([30, 60]);
    expect(subject.driver.storeValue('s', { key: 'a', window: { start: 60, end: 70 } })).toBe('.3');
  });

  it('undo all of a record that fails, its step of time too', () => {
    const subject = new WindowedDriver((grouped) =>
      grouped.windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 })).aggregate({
        ...joined,
        name: 's',
        aggregator: (_key, value, all) => {
          if (value === 'fails') throw new RangeError('planted');
          return `${all}.${value}`;
        },
      }),
    );
    expect(
      subject.run([
        ['a', '1', 5],
        ['a', 'fails', 500],
        ['a', '2', 6],
      ]),
    ).toEqual([
      ['a@0/10', '.1', 5],
      ['a@0/10', '.1.2', 6],
    ]);
    expect(subject.driver.counters).toMatchObject({ deadLetters: 1, skipped: 0 });
  });
});
