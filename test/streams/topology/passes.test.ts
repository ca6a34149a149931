import { countSerde, type HeadraceError, keyValueStore, StreamsBuilder } from 'headrace';
import { describe, expect, it } from 'vitest';
import { resolvePartitions } from '../../../src/runtime/partitions.ts';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return `${(error as HeadraceError).code}: ${(error as HeadraceError).message}`;
  }
  return 'nothing was thrown';
}

describe('the passes', () => {
  it('cut the graph at repartitions, and describe prints what Kafka Streams prints', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('words', serdes)
      .filter((_key, word) => word !== '')
      .groupBy((_key, word) => word, { name: 'by-word', key: text })
      .count({ name: 'counts' })
      .toStream()
      .to('word-counts', { key: text, value: countSerde });
    expect(builder.build().describe()).toBe(`Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [words])
      --> KSTREAM-FILTER-0000000001
    Processor: KSTREAM-FILTER-0000000001 (stores: [])
      --> KSTREAM-KEY-SELECT-0000000002
      <-- KSTREAM-SOURCE-0000000000
    Processor: KSTREAM-KEY-SELECT-0000000002 (stores: [])
      --> by-word-repartition-sink
      <-- KSTREAM-FILTER-0000000001
    Sink: by-word-repartition-sink (topic: by-word-repartition)
      <-- KSTREAM-KEY-SELECT-0000000002

  Sub-topology: 1
    Source: by-word-repartition-source (topics: [by-word-repartition])
      --> counts-aggregate
    Processor: counts-aggregate (stores: [counts])
      --> KTABLE-TOSTREAM-0000000005
      <-- by-word-repartition-source
    Processor: KTABLE-TOSTREAM-0000000005 (stores: [])
      --> KSTREAM-SINK-0000000006
      <-- counts-aggregate
    Sink: KSTREAM-SINK-0000000006 (topic: word-counts)
      <-- KTABLE-TOSTREAM-0000000005

`);
    expect(builder.build().describeAsMermaid()).toMatchSnapshot();
  });

  it('sends a grouped stream that is aggregated twice through one topic', () => {
    const builder = new StreamsBuilder();
    const grouped = builder.stream('words', serdes).groupBy((_key, word) => word, { name: 'by-word', ...serdes });
    grouped.count({ name: 'counts' });
    grouped.reduce({ name: 'last', reducer: (_all, word) => word });
    const { repartitionTopics, subTopologies } = builder.build().plan;
    expect(repartitionTopics).toEqual([{ name: 'by-word-repartition', partitions: undefined }]);
    expect(subTopologies[1]!.stores.map(({ name }) => name)).toEqual(['counts', 'last']);
  });

  it('joins what shares a store into one sub-topology', () => {
    const builder = new StreamsBuilder();
    const store = keyValueStore({ name: 'shared', key: text, value: text });
    for (const topic of ['left', 'right']) {
      builder.stream(topic, serdes).process({ name: `from-${topic}`, stores: { store }, processor: () => () => {} });
    }
    expect(builder.build().plan.subTopologies.map(({ sources }) => sources.length)).toEqual([2]);
  });

  it('a repartition gets its partitions from what it is joined with, else from the widest source before it', () => {
    const builder = new StreamsBuilder();
    const table = builder.table('accounts', { ...serdes, name: 'accounts' });
    const keyed = builder.stream('raw', serdes).selectKey((_key, value) => value);
    keyed
      .join(table, (value) => value, { name: 'to-accounts', key: text, value: text })
      .groupBy((key) => key[0]!, { name: 'by-letter', key: text, value: text })
      .count({ name: 'letters' });
    const topic = (name: string, partitions: number) =>
      [name, { name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 }] as const;
    const resolved = resolvePartitions(builder.build().plan, 'app', new Map([topic('accounts', 6), topic('raw', 3)]));
    expect(Object.fromEntries(resolved)).toEqual({
      accounts: 6,
      raw: 3,
      'app-to-accounts-repartition': 6,
      'app-by-letter-repartition': 6,
    });
    expect(codeOf(() => resolvePartitions(builder.build().plan, 'app', new Map([topic('accounts', 6)])))).toMatch(
      /^TOPIC_UNKNOWN: .*raw/,
    );
  });

  it('refuses topics of one sub-topology with unlike partitions', () => {
    const builder = new StreamsBuilder();
    builder.stream('left', serdes).join(builder.table('right', { ...serdes, name: 'rows' }), (value) => value);
    const topic = (name: string, partitions: number) =>
      [name, { name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 }] as const;
    expect(
      codeOf(() => resolvePartitions(builder.build().plan, 'app', new Map([topic('left', 2), topic('right', 3)]))),
    ).toMatch(/^TOPOLOGY_INVALID: .*left has 2, right has 3/);
  });

  const build = (wire: (builder: StreamsBuilder) => void) => () => {
    const builder = new StreamsBuilder();
    wire(builder);
    return builder.build();
  };

  it.each([
    ['no source', build(() => {}), /reads no topic/],
    ['a topic read twice', build((b) => [b.stream('in', serdes), b.stream('in', serdes)]), /in is read twice/],
    [
      'two operators with one name',
      build((b) =>
        b
          .stream('in', serdes)
          .filter(() => true, { name: 'x' })
          .filter(() => true, { name: 'x' }),
      ),
      /the name x/,
    ],
    [
      'two stores with one name',
      build((b) => [b.stream('in', serdes).groupByKey().count({ name: 's' }), b.table('t', { ...serdes, name: 's' })]),
      /name s/,
    ],
    ['a store name of the engine', build((b) => b.table('t', { ...serdes, name: '__time' })), /"__"/],
    [
      'an unnamed repartition',
      build((b) =>
        b
          .stream('in', serdes)
          .selectKey((_k, v) => v)
          .groupByKey({ key: text })
          .count({ name: 's' }),
      ),
      /give it a name/,
    ],
    [
      'an unknown serde',
      build((b) =>
        b
          .stream('in', serdes)
          .mapValues(() => 1)
          .to('out'),
      ),
      /serde of the value is not known/,
    ],
    ['a bad name', build((b) => b.stream('in', serdes).groupByKey().count({ name: 'a b' })), /1 to 200 characters/],
    [
      'two builders',
      build((b) => b.stream('in', serdes).merge(new StreamsBuilder().stream('x', serdes))),
      /different builders/,
    ],
  ])('refuses %s', (_what, action, message) => {
    expect(codeOf(action)).toMatch(/^TOPOLOGY_INVALID: /);
    expect(codeOf(action)).toMatch(message);
  });
});
