import { SlidingWindows } from 'headrace';
import { describe, expect, it } from 'vitest';
import { joined, WindowedDriver } from './windowed-driver.ts';

const windows = SlidingWindows.of({ timeDifferenceMs: 10, graceMs: 20 });

describe('aggregates over sliding windows', () => {
  it('hold the records up to each one, and those behind it as soon as there are any', () => {
    const subject = new WindowedDriver((grouped) => grouped.windowedBy(windows).aggregate({ name: 's', ...joined }));
    expect(subject.run([['a', '1', 20]])).toEqual([['a@10/20', '.1', 20]]);
    expect(subject.run([['a', '2', 25]])).toEqual([
      ['a@21/31', '.2', 25],
      ['a@15/25', '.1.2', 25],
    ]);
    // Out of order: into the windows that hold its time, with one of its own that ends with it, and one behind it.
    expect(subject.run([['a', '3', 22]])).toEqual([
      ['a@21/31', '.2.3', 25],
      ['a@15/25', '.1.2.3', 25],
      ['a@12/22', '.1.3', 22],
      ['a@23/33', '.2', 25],
    ]);
  });

  it('records before the first whole window share [0, d]', () => {
    const subject = new WindowedDriver((grouped) => grouped.windowedBy(windows).aggregate({ name: 's', ...joined }));
    expect(
      subject.run([
        ['a', '1', 2],
        ['a', '2', 5],
      ]),
    ).toEqual([
      ['a@0/10', '.1', 2],
      ['a@3/13', '.2', 5],
      ['a@0/10', '.1.2', 5],
    ]);
  });

  it('skip null keys and values and what is too late for the window that begins with it', () => {
    const subject = new WindowedDriver((grouped) => grouped.windowedBy(windows).aggregate({ name: 's', ...joined }));
    expect(
      subject.run([
        ['a', '1', 100],
        [null, 'x', 100],
        ['a', null, 100],
        ['a', 'late', 69],
      ]),
    ).toEqual([['a@90/100', '.1', 100]]);
    expect(subject.driver.counters.skipped).toBe(3);
  });

  it('emit on window close: each window once, in the order of time', () => {
    const subject = new WindowedDriver((grouped) =>
      grouped.windowedBy(windows).aggregate({ name: 's', emit: 'onWindowClose', ...joined }),
    );
    expect(
      subject.run([
        ['b', '1', 20],
        ['a', '2', 20],
        ['a', '3', 22],
        ['a', '4', 40],
      ]),
    ).toEqual([]);
    // The end is part of a sliding window: at 43 only what ended before 23 is closed.
    expect(subject.run([['a', '5', 43]])).toEqual([
      ['a@10/20', '.2', 20],
      ['b@10/20', '.1', 20],
      ['a@12/22', '.2.3', 22],
    ]);
  });
});
