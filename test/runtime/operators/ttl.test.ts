import { countSerde, StreamsBuilder } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { EXPIRED_PER_RECORD_MAX } from '../../../src/runtime/operators/ttl.ts';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };
type Row = readonly [key: string | null, value: string | null, timestamp: number];

/** A table of `in` whose rows stay for 100 ms, its changes, and how many rows begin with each letter. */
function table(options: { commit?: 'each' | 'manual'; ttlMs?: number; isEventTime?: boolean } = {}) {
  const builder = new StreamsBuilder();
  const extractor = options.isEventTime === true ? { timestampExtractor: () => 5 } : {};
  const rows = builder.table('in', { ...serdes, ...extractor, name: 'rows', ttlMs: options.ttlMs ?? 100 });
  rows.toStream().to('out', serdes);
  rows
    .groupBy((_key, value) => [value.slice(0, 1), value], { ...serdes, name: 'by-letter' })
    .count({ name: 'letters' })
    .toStream()
    .to('letters', { key: text, value: countSerde });
  const driver = new TopologyTestDriver(builder.build(), { commit: options.commit ?? 'each' });
  const input = driver.inputTopic('in', serdes);
  const pipe = (key: string | null, value: string | null, timestamp: number) => input.pipe(key, value, { timestamp });
  const changes = (): readonly Row[] =>
    driver
      .outputTopic('out', serdes)
      .readAll()
      .map(({ key, value, timestamp }) => [key, value, timestamp]);
  return { driver, pipe, changes };
}

describe('a table with a ttl', () => {
  it('deletes a row that was not updated for so long, and says so with the time at which it was due', () => {
    const { driver, pipe, changes } = table();
    pipe('a', 'x1', 10);
    pipe('b', 'x2', 50);
    pipe('a', 'x3', 60);
    pipe('c', 'y', 149);
    expect(changes()).toEqual([
      ['a', 'x1', 10],
      ['b', 'x2', 50],
      ['a', 'x3', 60],
      ['c', 'y', 149],
    ]);
    pipe('c', 'y', 150);
    expect(changes()).toEqual([
      ['b', null, 150],
      ['c', 'y', 150],
    ]);
    expect(driver.storeEntries('rows')).toEqual([
      ['a', 'x3'],
      ['c', 'y'],
    ]);
    pipe('c', 'z', 500);
    expect(changes()).toEqual([
      ['a', null, 160],
      ['c', null, 250],
      ['c', 'z', 500],
    ]);
    expect(driver.storeEntries('rows')).toEqual([['c', 'z']]);
    expect(driver.storeEntries('rows-ttl')).toEqual([['c', 500]]);
  });

  it('tells those below what is gone', () => {
    const { driver, pipe } = table();
    pipe('a', 'x1', 10);
    pipe('b', 'x2', 50);
    pipe('c', 'y', 130);
    const letters = driver.outputTopic('letters', { key: text, value: countSerde }).readKeyValues();
    expect(letters).toEqual([
      ['x', 1],
      ['x', 2],
      ['x', 1],
      ['y', 1],
    ]);
  });

  it('forgets rows that are deleted, and skips a null key', () => {
    const { driver, pipe, changes } = table();
    pipe('a', 'x', 10);
    pipe('a', null, 20);
    pipe(null, 'x', 300);
    pipe('b', 'x', 301);
    expect(changes()).toEqual([
      ['a', 'x', 10],
      ['a', null, 20],
      ['b', 'x', 301],
    ]);
    expect(driver.storeEntries('rows-ttl')).toEqual([['b', 301]]);
  });

  it('counts from intake, not from event time', () => {
    const { pipe, changes } = table({ isEventTime: true });
    pipe('a', 'x', 1_000);
    pipe('b', 'x', 1_099);
    pipe('b', 'y', 1_100);
    expect(changes()).toEqual([
      ['a', 'x', 5],
      ['b', 'x', 5],
      ['a', null, 1_100],
      ['b', 'y', 5],
    ]);
  });

  it('expires a bounded number with each record, and all in the end', () => {
    const { driver, pipe } = table();
    for (let i = 0; i < 3 * EXPIRED_PER_RECORD_MAX; i++) pipe(`key ${i}`, 'x', i % 7);
    pipe('late', 'x', 1_000);
    expect(driver.storeEntries('rows')).toHaveLength(2 * EXPIRED_PER_RECORD_MAX + 1);
    for (let i = 0; i < 3; i++) pipe('late', 'x', 1_001);
    expect(driver.storeEntries('rows')).toEqual([['late', 'x']]);
  });

  it('says the same after a crash before the commit', () => {
    const course: readonly [string, string | null, number][] = [
      ['a', 'x', 1],
      ['b', 'x', 40],
      ['a', 'y', 90],
      ['c', 'x', 160],
      ['a', 'z', 260],
      ['b', 'w', 400],
    ];
    const plain = table({ commit: 'manual' });
    const crashing = table({ commit: 'manual' });
    for (const [key, value, timestamp] of course) {
      plain.pipe(key, value, timestamp);
      plain.driver.commit();
      crashing.pipe(key, value, timestamp);
      crashing.driver.crash();
      crashing.driver.commit();
    }
    const changes = plain.changes();
    expect(changes.filter(([, value]) => value === null)).not.toEqual([]);
    expect(crashing.changes()).toEqual(changes);
  });
});

describe('an aggregate with a ttl', () => {
  it('begins anew with a record that comes when its time is over, and a record that it skips prolongs nothing', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .groupByKey()
      .count({ name: 'counts', ttlMs: 100 })
      .toStream()
      .to('out', { key: text, value: countSerde });
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.inputTopic('in', serdes);
    for (const [value, timestamp] of [
      ['x', 10],
      ['x', 100],
      [null, 150],
      ['x', 200],
      ['x', 220],
    ] as const) {
      input.pipe('a', value, { timestamp });
    }
    const out = driver.outputTopic('out', { key: text, value: countSerde }).readAll();
    expect(out.map(({ value, timestamp }) => [value, timestamp])).toEqual([
      [1, 10],
      [2, 100],
      [null, 200],
      [1, 200],
      [2, 220],
    ]);
  });
});

describe('a ttl', () => {
  it.each([0, -1, 1.5, Number.NaN])('of %s is refused', (ttlMs) => {
    expect(() => table({ ttlMs })).toThrow(/rows: ttlMs must be whole milliseconds/);
  });

  it('beside a history is refused', () => {
    const builder = new StreamsBuilder();
    expect(() => builder.table('in', { ...serdes, name: 'rows', ttlMs: 1, historyMs: 1 })).toThrow(/history/);
  });
});
