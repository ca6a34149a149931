import { JoinWindows, StreamsBuilder } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };
type Input = readonly [side: 'left' | 'right', key: string | null, value: string | null, timestamp: number];
type Windows = Parameters<typeof JoinWindows.of>[0];

function run(kind: 'join' | 'leftJoin' | 'outerJoin', options: Windows, records: readonly Input[]) {
  const builder = new StreamsBuilder();
  const [left, right] = [builder.stream('left', serdes), builder.stream('right', serdes)];
  const named = { name: 'j', windows: JoinWindows.of(options) };
  const pair = (one: string | null, two: string | null) => `${one}+${two}`;
  const joined =
    kind === 'join'
      ? left.join(right, pair, named)
      : kind === 'leftJoin'
        ? left.leftJoin(right, pair, named)
        : left.outerJoin(right, pair, named);
  joined.to('out', serdes);
  const driver = new TopologyTestDriver(builder.build());
  for (const [side, key, value, timestamp] of records) driver.inputTopic(side, serdes).pipe(key, value, { timestamp });
  return driver
    .outputTopic('out', serdes)
    .readAll()
    .map(({ key, value, timestamp }) => [key, value, timestamp]);
}

describe('join of two streams', () => {
  it('takes the right record from `beforeMs` earlier to `afterMs` later, both included, at the later time', () => {
    const windows = { beforeMs: 5, afterMs: 2, graceMs: 20 };
    const rights = [94, 95, 100, 102, 103].map((at): Input => ['right', 'a', `${at}`, at]);
    const expected = [
      ['a', 'l+95', 100],
      ['a', 'l+100', 100],
      ['a', 'l+102', 102],
    ];
    expect(run('join', windows, [['left', 'a', 'l', 100], ...rights])).toEqual(expected);
    expect(run('join', windows, [...rights, ['left', 'a', 'l', 100]])).toEqual(expected);
  });

  it('joins every one of several records at one timestamp, in the order they came', () => {
    const records: readonly Input[] = [
      ['left', 'a', '1', 7],
      ['left', 'a', '1', 7],
      ['left', 'a', '2', 7],
      ['right', 'a', 'r', 7],
    ];
    const values = (graceMs: number) =>
      run('join', { timeDifferenceMs: 0, graceMs }, records).map(([, value]) => value);
    expect(values(1)).toEqual(['1+r', '1+r', '2+r']);
    // Retention is window and grace together: Kafka Streams keeps nothing when both are 0, and so joins nothing.
    expect(values(0)).toEqual([]);
  });

  it('sends a record without a partner once its window and grace have passed, and not before', () => {
    const windows = { timeDifferenceMs: 10, graceMs: 5 };
    const lone: Input = ['left', 'a', 'l', 100];
    expect(run('leftJoin', windows, [lone, ['left', 'b', 'next', 115]])).toEqual([]);
    expect(run('leftJoin', windows, [lone, ['left', 'b', 'next', 116]])).toEqual([['a', 'l+null', 100]]);
    expect(run('leftJoin', windows, [lone, ['right', 'b', 'next', 116]])).toEqual([['a', 'l+null', 100]]);
  });

  it('sends no null for a record that met a partner', () => {
    expect(
      run('outerJoin', { timeDifferenceMs: 10, graceMs: 0 }, [
        ['left', 'a', 'l', 100],
        ['right', 'a', 'r', 105],
        ['right', 'b', 'lone', 106],
        ['left', 'c', 'next', 200],
      ]),
    ).toEqual([
      ['a', 'l+r', 105],
      ['b', 'null+lone', 106],
    ]);
  });

  it('skips null values; a null key is sent alone where its side may stand alone', () => {
    const windows = { timeDifferenceMs: 10, graceMs: 0 };
    const records: readonly Input[] = [
      ['left', null, 'l', 1],
      ['right', null, 'r', 1],
      ['left', 'a', null, 1],
      ['right', 'a', null, 500],
    ];
    expect(run('join', windows, records)).toEqual([]);
    expect(run('leftJoin', windows, records)).toEqual([[null, 'l+null', 1]]);
    expect(run('outerJoin', windows, records)).toEqual([
      [null, 'l+null', 1],
      [null, 'null+r', 1],
    ]);
  });

  it('joins a stream with itself, each record with itself too', () => {
    const builder = new StreamsBuilder();
    const stream = builder.stream('in', serdes);
    const windows = JoinWindows.of({ timeDifferenceMs: 5, graceMs: 0 });
    stream.join(stream, (one, two) => `${one}${two}`, { name: 'self', windows }).to('out', serdes);
    const driver = new TopologyTestDriver(builder.build());
    driver.inputTopic('in', serdes).pipe('a', '1', { timestamp: 1 });
    driver.inputTopic('in', serdes).pipe('a', '2', { timestamp: 3 });
    const values = driver.outputTopic('out', serdes).readKeyValues();
    expect(values.map(([, value]) => value).sort()).toEqual(['11', '12', '21', '22']);
  });
});
