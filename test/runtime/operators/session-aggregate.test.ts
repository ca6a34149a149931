import { type Emit, SessionWindows } from 'headrace';
import { describe, expect, it } from 'vitest';
import { joined, WindowedDriver } from './windowed-driver.ts';

const windows = SessionWindows.of({ gapMs: 5, graceMs: 3 });
const sessions = (emit: Emit = 'onUpdate') =>
  new WindowedDriver((grouped) =>
    grouped
      .windowedBy(windows)
      .aggregate({ name: 's', emit, ...joined, merger: (_key, one, other) => `${one}${other}` }),
  );

describe('aggregates over sessions', () => {
  it('grow and merge: what they replace is deleted first', () => {
    expect(
      sessions().run([
        ['a', '1', 10],
        ['a', '2', 13],
        ['a', '3', 19],
        ['b', 'other', 15],
        ['a', '4', 16],
      ]),
    ).toEqual([
      ['a@10/10', '.1', 10],
      ['a@10/10', null, 10],
      ['a@10/13', '.1.2', 13],
      ['a@19/19', '.3', 19],
      ['b@15/15', '.other', 15],
      ['a@10/13', null, 13],
      ['a@19/19', null, 19],
      ['a@10/19', '.1.2.3.4', 19],
    ]);
  });

  it('a record inside its session replaces the row by way of a deletion, one at the same instant without', () => {
    expect(
      sessions().run([
        ['a', '1', 10],
        ['a', '2', 10],
        ['a', '3', 12],
        ['a', '4', 11],
      ]),
    ).toEqual([
      ['a@10/10', '.1', 10],
      ['a@10/10', '.1.2', 10],
      ['a@10/10', null, 10],
      ['a@10/12', '.1.2.3', 12],
      ['a@10/12', null, 12],
      ['a@10/12', '.1.2.3.4', 12],
    ]);
  });

  it('drop a record whose session has closed, but not one that an open session reaches', () => {
    const subject = sessions();
    expect(
      subject.run([
        ['a', '1', 10],
        ['b', 'x', 20],
        ['a', 'late', 11],
        [null, 'no key', 20],
      ]),
    ).toEqual([
      ['a@10/10', '.1', 10],
      ['b@20/20', '.x', 20],
    ]);
    expect(subject.driver.counters.skipped).toBe(2);
    expect(
      subject.run([
        ['b', 'reaches', 15],
        ['b', 'far', 10],
      ]),
    ).toEqual([
      ['b@20/20', null, 20],
      ['b@15/20', '.x.reaches', 20],
      ['b@15/20', null, 20],
      ['b@10/20', '.x.reaches.far', 20],
    ]);
  });

  it('emit on window close: each session once, when gap and grace are over', () => {
    const subject = sessions('onWindowClose');
    expect(
      subject.run([
        ['b', '1', 10],
        ['a', '2', 10],
        ['a', '3', 14],
        ['c', '4', 18],
      ]),
    ).toEqual([]);
    expect(subject.run([['c', '5', 19]])).toEqual([['b@10/10', '.1', 10]]);
    expect(subject.run([['c', '6', 500]])).toEqual([
      ['a@10/14', '.2.3', 14],
      ['c@18/19', '.4.5', 19],
    ]);
  });

  it('count and reduce merge too', () => {
    const subject = new WindowedDriver((grouped) =>
      grouped.windowedBy(windows).reduce({ name: 's', reducer: (all, value) => `${all}|${value}` }),
    );
    expect(
      subject
        .run([
          ['a', '1', 0],
          ['a', '2', 8],
          ['a', '3', 4],
        ])
        .at(-1),
    ).toEqual(['a@0/8', '1|2|3', 8]);
    const counted = new WindowedDriver((grouped) => grouped.windowedBy(windows).count({ name: 's' }).mapValues(String));
    expect(
      counted
        .run([
          ['a', '1', 0],
          ['a', null, 8],
          ['a', '3', 4],
        ])
        .at(-1),
    ).toEqual(['a@0/8', '3', 8]);
  });
});
