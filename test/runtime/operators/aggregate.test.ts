import { countSerde, StreamsBuilder } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };

describe('aggregates', () => {
  it('count, reduce and aggregate send every update and skip null keys and values', () => {
    const builder = new StreamsBuilder();
    const grouped = builder.stream('in', serdes).groupByKey();
    grouped.count({ name: 'counts' }).toStream().to('counted', { key: text, value: countSerde });
    grouped
      .reduce({ name: 'reduced', reducer: (sum, value) => `${sum}+${value}` })
      .toStream()
      .to('reduced');
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.inputTopic('in', serdes);
    for (const [key, value] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      [null, '4'],
      ['a', null],
    ] as const)
      input.pipe(key, value);
    expect(driver.outputTopic('counted', { key: text, value: countSerde }).readKeyValues()).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ]);
    expect(driver.outputTopic('reduced', serdes).readKeyValues()).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['a', '1+3'],
    ]);
    expect(driver.counters.skipped).toBe(4);
    expect(driver.storeEntries('counts')).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });

  it('a result carries the greatest timestamp of its records', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .groupByKey()
      .count({ name: 'counts' })
      .toStream()
      .to('out', { key: text, value: countSerde });
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.inputTopic('in', serdes);
    for (const timestamp of [5, 3, 9]) input.pipe('a', 'x', { timestamp });
    expect(
      driver
        .outputTopic('out', { key: text, value: countSerde })
        .readAll()
        .map(({ timestamp }) => timestamp),
    ).toEqual([5, 5, 9]);
  });

  it('an aggregate of null deletes the row', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .groupByKey()
      .reduce({ name: 'last', reducer: (_old, value) => (value === 'gone' ? null : value) })
      .toStream()
      .to('out');
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.inputTopic('in', serdes);
    for (const value of ['x', 'gone', 'y']) input.pipe('a', value);
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', 'x'],
      ['a', null],
      ['a', 'y'],
    ]);
  });

  it('groupBy goes through a repartition topic, so that equal keys of all partitions meet', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .groupBy((_key, value) => value, { name: 'by-value', key: text })
      .count({ name: 'counts' })
      .toStream()
      .to('out', { key: text, value: countSerde });
    const driver = new TopologyTestDriver(builder.build(), { partitions: 4 });
    const input = driver.inputTopic('in', serdes);
    for (let i = 0; i < 20; i++) input.pipe(`key-${i}`, i % 2 === 0 ? 'even' : 'odd');
    const last = new Map(driver.outputTopic('out', { key: text, value: countSerde }).readKeyValues());
    expect(last).toEqual(
      new Map([
        ['even', 10],
        ['odd', 10],
      ]),
    );
  });
});
