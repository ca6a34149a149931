import { SessionWindows, StreamsBuilder, TimeWindows, stringSerde as text } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';

const serdes = { key: text, value: text };
const joined = (_key: string, value: string, all: string) => `${all}.${value}`;
const marked = (_key: string, value: string, all: string) => `${all}!${value}`;
const folds = { name: 's', initializer: () => '', value: text };

function cogroupedIn(builder: StreamsBuilder) {
  const [left, right] = ['left', 'right'].map((topic) => builder.stream(topic, serdes).groupByKey()) as [
    ReturnType<ReturnType<typeof builder.stream<string, string>>['groupByKey']>,
    ReturnType<ReturnType<typeof builder.stream<string, string>>['groupByKey']>,
  ];
  return left.cogroup<string>(joined).cogroup(right, marked);
}

function pipe(driver: TopologyTestDriver, topic: string, key: string | null, value: string | null, timestamp: number) {
  driver.inputTopic(topic, serdes).pipe(key, value, { timestamp });
}

describe('several streams aggregated together', () => {
  it('have one row for each key, to which each stream adds in its own way, also over a crash', () => {
    const builder = new StreamsBuilder();
    cogroupedIn(builder).aggregate(folds).toStream().to('out', serdes);
    const driver = new TopologyTestDriver(builder.build(), { commit: 'manual' });
    pipe(driver, 'left', 'a', '1', 5);
    driver.commit();
    pipe(driver, 'right', 'a', '2', 3);
    driver.crash();
    pipe(driver, 'left', 'b', '3', 6);
    pipe(driver, 'right', null, 'x', 7);
    pipe(driver, 'right', 'b', null, 7);
    driver.commit();
    const rows = driver.outputTopic('out', serdes).readAll();
    expect(rows.map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
      ['a', '.1', 5],
      ['a', '.1!2', 5],
      ['b', '.3', 6],
    ]);
    expect(driver.storeValue('s', 'a')).toBe('.1!2');
    expect(driver.skipped.map(({ reason, count }) => [reason, count])).toEqual([
      ['null key', 1],
      ['null value', 1],
    ]);
  });

  it('in windows have each a time of their own, as in Kafka Streams: what is late for one is not for another', () => {
    const builder = new StreamsBuilder();
    cogroupedIn(builder)
      .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }))
      .aggregate({ ...folds, retentionMs: 1_000 })
      .toStream()
      .map(({ key, window }, value) => [`${key}@${window.start}`, value])
      .to('out', serdes);
    const driver = new TopologyTestDriver(builder.build());
    pipe(driver, 'left', 'a', '1', 50);
    pipe(driver, 'right', 'a', '2', 5);
    pipe(driver, 'left', 'a', 'late', 5);
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a@50', '.1'],
      ['a@0', '!2'],
    ]);
    expect(driver.counters.skipped).toBe(1);
  });

  it('in sessions merge what one of them brings together', () => {
    const builder = new StreamsBuilder();
    cogroupedIn(builder)
      .windowedBy(SessionWindows.of({ gapMs: 5, graceMs: 100 }))
      .aggregate({ ...folds, merger: (_key, one, other) => one + other })
      .toStream()
      .map(({ key, window }, value) => [`${key}@${window.start}/${window.end}`, value])
      .to('out', serdes);
    const driver = new TopologyTestDriver(builder.build());
    pipe(driver, 'left', 'a', '1', 10);
    pipe(driver, 'right', 'a', '2', 18);
    pipe(driver, 'right', 'a', '3', 14);
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a@10/10', '.1'],
      ['a@18/18', '!2'],
      ['a@10/10', null],
      ['a@18/18', null],
      ['a@10/18', '.1!2!3'],
    ]);
  });

  it('refuses a stream of another builder', () => {
    const other = new StreamsBuilder().stream('other', serdes).groupByKey();
    expect(() => cogroupedIn(new StreamsBuilder()).cogroup(other, joined)).toThrow(/different builders/);
  });
});
