import { JoinWindows, SessionWindows, SlidingWindows, StreamsBuilder, TimeWindows } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { joined } from '../runtime/operators/windowed-driver.ts';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };
type Input = readonly [key: string | null, value: string | null, timestamp: number];

const windows = {
  tumbling: TimeWindows.of({ sizeMs: 10, graceMs: 0 }),
  hopping: TimeWindows.of({ sizeMs: 10, advanceMs: 5, graceMs: 0 }),
  sliding: SlidingWindows.of({ timeDifferenceMs: 10, graceMs: 0 }),
  session: SessionWindows.of({ gapMs: 5, graceMs: 0 }),
};

/** A topology whose late records, and nothing else, go to the topic `late`. */
function driverOf(kind: keyof typeof windows, commit: 'each' | 'manual' = 'each'): TopologyTestDriver {
  const builder = new StreamsBuilder();
  const grouped = builder.stream('in', serdes).groupByKey();
  const late = (records: ReturnType<typeof builder.stream<string, string>>) => records.to('late', serdes);
  const options = { ...joined, name: 's', late };
  const table =
    kind === 'session'
      ? grouped.windowedBy(windows.session).aggregate({ ...options, merger: (_key, one, other) => one + other })
      : grouped.windowedBy(windows[kind]).aggregate(options);
  table
    .toStream()
    .map(({ key }, value) => [key, value])
    .to('out', serdes);
  return new TopologyTestDriver(builder.build(), { commit });
}

function pipe(driver: TopologyTestDriver, records: readonly Input[]): void {
  for (const [key, value, timestamp] of records) driver.inputTopic('in', serdes).pipe(key, value, { timestamp });
}

function lateOf(driver: TopologyTestDriver): readonly Input[] {
  const records = driver.outputTopic('late', serdes).readAll();
  return records.map(({ key, value, timestamp }) => [key, value, timestamp]);
}

describe('late records', () => {
  it.each([
    [
      'tumbling',
      [
        ['a', '1', 7],
        ['b', '2', 20],
        ['a', 'late', 9],
        ['a', 'in time', 20],
      ],
      [['a', 'late', 9]],
      1,
    ],
    // It misses [0, 10) and is in [5, 15): it came late all the same.
    [
      'hopping',
      [
        ['a', '1', 12],
        ['a', 'partly', 8],
        ['b', '2', 40],
        ['a', 'whole', 8],
      ],
      [
        ['a', 'partly', 8],
        ['a', 'whole', 8],
      ],
      3,
    ],
    [
      'sliding',
      [
        ['a', '1', 100],
        ['b', '2', 200],
        ['a', 'late', 150],
      ],
      [['a', 'late', 150]],
      1,
    ],
    // The window that ends with it has closed; the record at 183 is out of retention, so there is none behind that.
    [
      'sliding',
      [
        ['a', '1', 183],
        ['b', '2', 195],
        ['a', 'partly', 185],
      ],
      [['a', 'partly', 185]],
      1,
    ],
    [
      'session',
      [
        ['a', '1', 10],
        ['b', '2', 40],
        ['a', 'late', 12],
        ['a', 'in time', 36],
      ],
      [['a', 'late', 12]],
      1,
    ],
  ] as const)('of %s windows are a stream, each once, as they came', (kind, input, late, windowsMissed) => {
    const driver = driverOf(kind);
    pipe(driver, input);
    expect(lateOf(driver)).toEqual(late);
    expect(driver.skipped).toEqual([{ operator: 's-aggregate', reason: 'late', count: windowsMissed }]);
  });

  it('keep their headers, and are no results of the table', () => {
    const driver = driverOf('tumbling');
    const headers = [['trace', new Uint8Array([7])]] as const;
    pipe(driver, [['b', '1', 50]]);
    driver.inputTopic('in', serdes).pipe('a', 'late', { timestamp: 3, headers });
    expect(driver.outputTopic('late', serdes).readAll()).toMatchObject([{ key: 'a', value: 'late', headers }]);
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([['b', '.1']]);
  });

  it('are the same after a crash in between', () => {
    const driver = driverOf('hopping', 'manual');
    pipe(driver, [
      ['b', '1', 50],
      ['a', 'late', 3],
    ]);
    driver.crash();
    pipe(driver, [['a', 'later', 4]]);
    driver.commit();
    expect(lateOf(driver)).toEqual([
      ['a', 'late', 3],
      ['a', 'later', 4],
    ]);
  });
});

describe('what operators skip', () => {
  it('is counted by operator and reason, and what comes out of order apart from that', () => {
    const driver = driverOf('sliding');
    pipe(driver, [
      [null, 'x', 1],
      ['a', null, 2],
      ['a', '1', 100],
      ['a', 'late', 95],
      ['a', 'late', 5],
      [null, 'y', 9],
    ]);
    expect(driver.skipped).toEqual([
      { operator: 's-aggregate', reason: 'null key', count: 2 },
      { operator: 's-aggregate', reason: 'null value', count: 1 },
      { operator: 's-aggregate', reason: 'late', count: 2 },
    ]);
    expect(driver.counters.skipped).toBe(5);
    expect(driver.outOfOrder).toEqual({ 's-aggregate': 2 });
  });

  it('does not hold what is out of order within its grace', () => {
    const driver = driverOf('tumbling');
    pipe(driver, [
      ['a', '1', 7],
      ['a', '2', 5],
    ]);
    expect(driver.skipped).toEqual([]);
    expect(driver.outOfOrder).toEqual({ 's-aggregate': 1 });
  });
});

describe('late records of a join of two streams', () => {
  it('go to the stream of their side, and are joined with what is there all the same', () => {
    const builder = new StreamsBuilder();
    const [left, right] = [builder.stream('left', serdes), builder.stream('right', serdes)];
    left
      .join(right, (one, other) => `${one}+${other}`, {
        name: 'pairs',
        windows: JoinWindows.of({ timeDifferenceMs: 5, graceMs: 0 }),
        late: {
          left: (late) => late.to('late-left', serdes),
          right: (late) => late.mapValues((value) => `${value}!`).to('late-right', serdes),
        },
      })
      .to('out', serdes);
    const driver = new TopologyTestDriver(builder.build());
    const send = (topic: string, value: string, timestamp: number) =>
      driver.inputTopic(topic, serdes).pipe('k', value, { timestamp });
    send('left', 'l100', 100);
    send('right', 'r20', 20);
    send('left', 'l22', 22);
    send('right', 'r40', 40);
    send('right', 'r30', 30);
    send('right', 'r31', 31);
    const values = (topic: string) =>
      driver
        .outputTopic(topic, serdes)
        .readKeyValues()
        .map(([, value]) => value);
    expect(values('late-left')).toEqual(['l22']);
    expect(values('late-right')).toEqual(['r30!']);
    expect(values('out')).toEqual(['l22+r20']);
    expect(driver.skipped).toEqual([{ operator: 'pairs-join', reason: 'late', count: 2 }]);
  });
});
