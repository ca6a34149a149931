import { StreamsBuilder } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import type { KStream } from '../../../src/streams/stream.ts';
import { text } from '../../text-serde.ts';

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

  it('a stream merged with itself is that stream, as in Kafka Streams', () => {
    expect(through((stream) => stream.merge(stream), [['a', 'x']])).toEqual([['a', 'x']]);
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
