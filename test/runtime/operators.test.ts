import { countSerde, keyValueStore, StreamsBuilder } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import type { KStream } from '../../src/streams/stream.ts';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };

/** Pipes records through one stream operator and returns what came out. */
function through<K, V>(
  operator: (stream: KStream<string, string>) => KStream<K, V>,
  records: readonly (readonly [string | null, string | null])[],
  options: TopologyTestDriverOptions = {},
) {
  const builder = new StreamsBuilder();
  operator(builder.stream('in', serdes)).to('out', serdes as never);
  const driver = new TopologyTestDriver(builder.build(), options);
  const input = driver.inputTopic('in', serdes);
  for (const [key, value] of records) input.pipe(key, value);
  return driver.outputTopic('out', serdes).readKeyValues();
}

describe('stateless operators', () => {
  const records = [
    ['a', 'one'],
    ['b', 'three'],
    ['a', 'five'],
  ] as const;

  it('filter and filterNot keep what they say', () => {
    expect(through((stream) => stream.filter((_key, value) => value.length === 3), records)).toEqual([['a', 'one']]);
    expect(through((stream) => stream.filterNot((_key, value) => value.length === 3), records)).toEqual([
      ['b', 'three'],
      ['a', 'five'],
    ]);
  });

  it('map, mapValues and selectKey change what they say', () => {
    expect(through((stream) => stream.map((key, value) => [value, key]), records)).toEqual([
      ['one', 'a'],
      ['three', 'b'],
      ['five', 'a'],
    ]);
    expect(through((stream) => stream.mapValues((value, key) => `${key}:${value}`), records)[1]).toEqual([
      'b',
      'b:three',
    ]);
    expect(through((stream) => stream.selectKey((_key, value) => value[0]!), records).map(([key]) => key)).toEqual([
      'o',
      't',
      'f',
    ]);
  });

  it('flatMap and flatMapValues give any number', () => {
    expect(
      through(
        (stream) => stream.flatMapValues((value) => [...value].slice(0, 2)),
        [
          ['a', 'xyz'],
          ['b', ''],
        ],
      ),
    ).toEqual([
      ['a', 'x'],
      ['a', 'y'],
    ]);
    expect(
      through(
        (stream) =>
          stream.flatMap(
            (key, value) =>
              [
                [value, key],
                [key, value],
              ] as const,
          ),
        [['a', 'b']],
      ),
    ).toEqual([
      ['b', 'a'],
      ['a', 'b'],
    ]);
  });

  it('split sends each record to the first branch that takes it, and the rest to rest', () => {
    const out = through(
      (stream) => {
        const { long, vowel, rest } = stream.split({
          long: (_key, value) => value.length > 4,
          vowel: (_key, value) => 'aeiou'.includes(value[0]!),
        });
        return long
          .mapValues((value) => `long ${value}`)
          .merge(vowel.mapValues((value) => `vowel ${value}`))
          .merge(rest.mapValues((value) => `rest ${value}`));
      },
      [
        ['k', 'elephant'],
        ['k', 'ant'],
        ['k', 'bee'],
      ],
    );
    expect(out.map(([, value]) => value)).toEqual(['long elephant', 'vowel ant', 'rest bee']);
  });

  it('a stream merged with itself comes twice', () => {
    expect(through((stream) => stream.merge(stream), [['a', 'x']])).toEqual([
      ['a', 'x'],
      ['a', 'x'],
    ]);
  });

  it('null keys and values pass', () => {
    expect(
      through(
        (stream) => stream.filter(() => true),
        [
          [null, 'x'],
          ['a', null],
        ],
      ),
    ).toEqual([
      [null, 'x'],
      ['a', null],
    ]);
  });
});

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

describe('tables', () => {
  it('a stream joins the row of now; left keeps those without one', () => {
    const builder = new StreamsBuilder();
    const table = builder.table('table', { ...serdes, name: 'rows' });
    const stream = builder.stream('in', serdes);
    stream
      .join(
        table.mapValues((row) => row.toUpperCase()),
        (value, row) => `${value}/${row}`,
      )
      .to('inner', serdes);
    stream
      .leftJoin(
        table.filter((_key, row) => row !== 'hidden'),
        (value, row) => `${value}/${row}`,
      )
      .to('left', serdes);
    const driver = new TopologyTestDriver(builder.build());
    const rows = driver.inputTopic('table', serdes);
    const input = driver.inputTopic('in', serdes);
    input.pipe('a', '1');
    rows.pipe('a', 'x');
    input.pipe('a', '2');
    rows.pipe('a', 'hidden');
    input.pipe('a', '3');
    rows.pipe('a', null);
    input.pipe('a', '4');
    expect(driver.outputTopic('inner', serdes).readKeyValues()).toEqual([
      ['a', '2/X'],
      ['a', '3/HIDDEN'],
    ]);
    expect(driver.outputTopic('left', serdes).readKeyValues()).toEqual([
      ['a', '1/null'],
      ['a', '2/x'],
      ['a', '3/null'],
      ['a', '4/null'],
    ]);
  });

  it('toTable keeps the newest row and toStream sends every change', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .toTable({ name: 'rows' })
      .filter((_key, value) => value !== 'x')
      .toStream()
      .to('out');
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.inputTopic('in', serdes);
    for (const value of ['y', 'x', 'z', null]) input.pipe('a', value);
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', 'y'],
      ['a', null],
      ['a', 'z'],
      ['a', null],
    ]);
    expect(driver.storeEntries('rows')).toEqual([]);
  });
});

describe('process', () => {
  const topology = () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .process({
        name: 'last-two',
        stores: { last: keyValueStore({ name: 'last', key: text, value: text }) },
        key: text,
        value: text,
        processor: (context) => (key, value, record) => {
          const before = context.stores.last.get(key!);
          context.stores.last.put(key!, value ?? undefined);
          context.forward(key, `${before ?? '-'}>${value}`);
          if (value === 'twice')
            context.forward(key, `again@${record.offset}`, { timestamp: 7, headers: [['h', Buffer.from('v')]] });
          if (value === 'boom') throw new RangeError('planted');
        },
      })
      .to('out');
    return builder.build();
  };

  it('reads its own writes, and forwards with timestamps and headers of its own', () => {
    const driver = new TopologyTestDriver(topology());
    const input = driver.inputTopic('in', serdes);
    for (const value of ['x', 'twice', null, 'y']) input.pipe('a', value, { timestamp: 3 });
    const out = driver.outputTopic('out', serdes).readAll();
    expect(out.map(({ value }) => value)).toEqual(['->x', 'x>twice', 'again@1', 'twice>null', '->y']);
    expect(out.map(({ timestamp }) => timestamp)).toEqual([3, 3, 7, 3, 3]);
    expect(out.map(({ headers }) => headers.length)).toEqual([0, 0, 1, 0, 0]);
  });

  it('a record that fails is undone whole, goes to dead letters with its bytes, and the next one goes on', () => {
    const driver = new TopologyTestDriver(topology(), { commit: 'manual' });
    const input = driver.inputTopic('in', serdes);
    input.pipe('a', 'x');
    input.pipe('a', 'boom', { headers: [['mine', Buffer.from('1')]] });
    input.pipe('a', 'y');
    driver.commit();
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', '->x'],
      ['a', 'x>y'],
    ]);
    const [letter, ...others] = driver.outputTopic('in.dlq', serdes).readAll();
    expect(others).toEqual([]);
    expect([letter!.key, letter!.value]).toEqual(['a', 'boom']);
    const headers = Object.fromEntries(letter!.headers.map(([name, value]) => [name, Buffer.from(value!).toString()]));
    expect(headers).toMatchObject({
      mine: '1',
      '__streams.errors.exception': 'RangeError',
      '__streams.errors.message': 'last-two: planted',
      '__streams.errors.topic': 'in',
      '__streams.errors.partition': '0',
      '__streams.errors.offset': '1',
    });
  });

  it('bytes that do not decode go to dead letters as they came', () => {
    const driver = new TopologyTestDriver(topology());
    const input = driver.inputTopic('in', serdes);
    input.pipe('a', 'x');
    input.pipeBytes(Buffer.from('a'), Buffer.from([0xff, 0xfe]));
    input.pipe('a', 'y');
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', '->x'],
      ['a', 'x>y'],
    ]);
    const bytes = { serialize: (value: Uint8Array) => value, deserialize: (value: Uint8Array) => value };
    const [letter] = driver.outputTopic('in.dlq', { key: bytes, value: bytes }).readAll();
    expect([...letter!.value!]).toEqual([0xff, 0xfe]);
  });

  it('a crash between commits changes no result', () => {
    const run = (crashes: boolean) => {
      const driver = new TopologyTestDriver(topology(), { commit: 'manual', partitions: 2 });
      const input = driver.inputTopic('in', serdes);
      for (let i = 0; i < 30; i++) {
        input.pipe(`k${i % 5}`, i % 7 === 3 ? 'boom' : `v${i}`);
        if (i % 4 === 3) driver.commit();
        if (crashes && i % 3 === 1) driver.crash();
      }
      driver.commit();
      return {
        out: driver.outputTopic('out', serdes).readAll(),
        letters: driver
          .outputTopic('in.dlq', serdes)
          .readAll()
          .map(({ value }) => value),
        state: driver.storeEntries('last'),
      };
    };
    expect(run(true)).toEqual(run(false));
  });

  it('processValues refuses another key', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .processValues({
        name: 'bad',
        value: text,
        processor: (context) => (_key, value) => context.forward('other', value),
      })
      .to('out');
    const driver = new TopologyTestDriver(builder.build());
    driver.inputTopic('in', serdes).pipe('a', 'x');
    expect(driver.outputTopic('out', serdes).readAll()).toEqual([]);
    expect(driver.outputTopic('in.dlq', serdes).readAll()).toHaveLength(1);
  });
});

describe('time', () => {
  it('a task takes the record with the smallest timestamp among its topics, and event time from the extractor', () => {
    const builder = new StreamsBuilder();
    const left = builder.stream('left', { ...serdes, timestampExtractor: (record) => Number(record.value) });
    left.merge(builder.stream('right', serdes)).to('out');
    const driver = new TopologyTestDriver(builder.build());
    driver.inputTopic('left', serdes).pipe('a', '42', { timestamp: 1 });
    driver.inputTopic('left', serdes).pipe('a', 'not a number', { timestamp: 1 });
    expect(
      driver
        .outputTopic('out', serdes)
        .readAll()
        .map(({ timestamp }) => timestamp),
    ).toEqual([42]);
    expect(driver.outputTopic('left.dlq', serdes).readAll()).toHaveLength(1);
  });
});
