import { JoinWindows, keyValueStore, type Serde, StreamsBuilder, stringSerde, TimeWindows } from 'headrace';
import { expect } from 'vitest';
import { planDifferences } from '../../../../src/streams/topology/diff/plan-diff.ts';
import { planJsonOf } from '../../../../src/streams/topology/plan-json.ts';

export const serdes = { key: stringSerde, value: stringSerde };
export const unnamed: Serde<string> = { serialize: stringSerde.serialize, deserialize: stringSerde.deserialize };

export type Wire = (builder: StreamsBuilder) => unknown;

export function planOf(wire: Wire) {
  const builder = new StreamsBuilder();
  wire(builder);
  return planJsonOf(builder.build().plan);
}

/** `effect: message` of each difference. */
export function differences(before: Wire, after: Wire): readonly string[] {
  return planDifferences(planOf(before), planOf(after)).map(({ effect, message }) => `${effect}: ${message}`);
}

export const input = (builder: StreamsBuilder, topic = 'in') => builder.stream(topic, serdes);
export const counted =
  (name: string, topic = 'in'): Wire =>
  (b) =>
    input(b, topic).groupByKey().count({ name });
export const windowed =
  (
    sizeMs: number,
    graceMs: number,
    options: { readonly emit?: 'onWindowClose'; readonly retentionMs?: number } = {},
  ): Wire =>
  (b) =>
    input(b)
      .groupByKey()
      .windowedBy(TimeWindows.of({ sizeMs, graceMs }))
      .count({ name: 'hourly', retentionMs: 100_000, ...options });
export const stored =
  (value: Serde<never> | Serde<string>): Wire =>
  (b) =>
    input(b).toTable({ name: 'rows', key: stringSerde, value: value as Serde<string> });
export const regrouped =
  (name: string, partitions?: number): Wire =>
  (b) =>
    input(b)
      .selectKey((_key, value) => value, { key: stringSerde, name: 'rekey' })
      .repartition({ ...serdes, name, ...(partitions === undefined ? {} : { partitions }) })
      .groupByKey()
      .count({ name: 'counts' });
export const globalTable =
  (name: string, value: Serde<string>): Wire =>
  (b) =>
    input(b).join(
      b.globalTable('rates-topic', { name, key: stringSerde, value }),
      (_key, own) => own,
      (own) => own,
    );
export const joined =
  (timeDifferenceMs: number): Wire =>
  (b) =>
    input(b).join(input(b, 'other'), (left) => left, {
      name: 'pairs',
      windows: JoinWindows.of({ timeDifferenceMs, graceMs: 0 }),
      ...serdes,
    });
export const processed =
  (name: string): Wire =>
  (b) => {
    const seen = keyValueStore({ name: 'seen', ...serdes });
    input(b).process({ name, stores: { seen }, processor: () => () => {} });
  };

/** Two topologies, and the differences between them in order. */
export type DiffCase = readonly [what: string, before: Wire, after: Wire, expected: readonly (string | RegExp)[]];

export function expectDifferences(before: Wire, after: Wire, expected: readonly (string | RegExp)[]): void {
  const found = differences(before, after);
  expect(found).toHaveLength(expected.length);
  expected.forEach((each, index) => {
    if (typeof each === 'string') expect(found[index]).toBe(each);
    else expect(found[index]).toMatch(each);
  });
}
