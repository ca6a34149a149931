import { readdirSync, readFileSync } from 'node:fs';
import { keyValueStore, StreamsBuilder } from 'headrace';
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../parity/interpreter.ts';
import type { Scenario } from '../../parity/scenario.ts';
import { text } from '../../text-serde.ts';
import { type DescribedPart, drawnEdges, flawsOf, parseDescription } from './parse-description.ts';

/** What Kafka Streams 4.1 prints of the parity scenarios, made by test/parity/oracle's Describe. */
const KAFKA = JSON.parse(readFileSync(new URL('kafka-descriptions.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>;
const CASES = new URL('../../parity/cases/', import.meta.url);
const serdes = { key: text, value: text };

const ours = new Map<string, string>();
for (const file of readdirSync(CASES)) {
  const scenario = JSON.parse(readFileSync(new URL(file, CASES), 'utf8')) as Scenario;
  ours.set(file, topologyOf(scenario).topology.describe());
}

/** Each part by the topics of the user that it reads and writes. */
function topicsOf(parts: readonly DescribedPart[]): readonly string[] {
  const isUsers = (topic: string) => !/-repartition$|-topic$/.test(topic);
  return parts.map(({ nodes, isGlobal }) => {
    const of = (wanted: string) =>
      nodes.flatMap(({ kind, linked }) => (kind === wanted ? linked.filter(isUsers) : [])).sort();
    return `${isGlobal ? 'global ' : ''}${of('Source').join()} -> ${of('Sink').join()}`;
  });
}

describe('describe()', () => {
  it.each(Object.keys(KAFKA))('prints %s in the form of Kafka Streams', (file) => {
    const [kafka, own] = [parseDescription(KAFKA[file]!), parseDescription(ours.get(file)!)];
    // The checks themselves are checked on Kafka's text.
    expect(flawsOf(kafka)).toEqual([]);
    expect(flawsOf(own)).toEqual([]);
    expect([...topicsOf(own)].sort()).toEqual([...topicsOf(kafka)].sort());
  });

  it('prints the very text of Kafka Streams where the operators have the same names', () => {
    const same = Object.keys(KAFKA).filter((file) => ours.get(file) === KAFKA[file]);
    expect(same).toEqual(expect.arrayContaining(['stateless-1.json', 'stateless-2.json', 'stateless-3.json']));
    expect(same).toEqual(expect.arrayContaining(['st_join-1.json', 'st_join-2.json', 'st_join-3.json']));
  });

  it('orders by what hangs below a node, and names all parents of one', () => {
    const builder = new StreamsBuilder();
    const store = keyValueStore({ name: 'seen', ...serdes });
    const small = builder.stream('small', { ...serdes, name: 'a-small' });
    const large = builder.stream('large', { ...serdes, name: 'z-large' });
    const both = large
      .filter(() => true, { name: 'some' })
      .merge(small, { name: 'both' })
      .processValues({ name: 'remember', stores: { store }, processor: () => () => {}, ...serdes });
    both.to('out', { ...serdes, name: 'to-out' });
    both.to('copy', { ...serdes, name: 'to-copy' });
    expect(builder.build().describe()).toBe(`Topologies:
   Sub-topology: 0
    Source: z-large (topics: [large])
      --> some
    Source: a-small (topics: [small])
      --> both
    Processor: some (stores: [])
      --> both
      <-- z-large
    Processor: both (stores: [])
      --> remember
      <-- a-small, some
    Processor: remember (stores: [seen])
      --> to-copy, to-out
      <-- both
    Sink: to-copy (topic: copy)
      <-- remember
    Sink: to-out (topic: out)
      <-- remember

`);
  });

  it('prints global tables behind the rest, without an empty line behind them', () => {
    const builder = new StreamsBuilder();
    for (const name of ['rates', 'names']) builder.globalTable(`${name}-topic`, { ...serdes, name });
    builder.stream('in', { ...serdes, name: 'input' }).to('out', { ...serdes, name: 'output' });
    const text = builder.build().describe();
    expect(text).toBe(`Topologies:
   Sub-topology: 0
    Source: input (topics: [in])
      --> output
    Sink: output (topic: out)
      <-- input

  Sub-topology: 1 for global store (will not generate tasks)
    Source: KSTREAM-SOURCE-0000000000 (topics: [rates-topic])
      --> KTABLE-SOURCE-0000000001
    Processor: KTABLE-SOURCE-0000000001 (stores: [rates])
      --> none
      <-- KSTREAM-SOURCE-0000000000
  Sub-topology: 2 for global store (will not generate tasks)
    Source: KSTREAM-SOURCE-0000000002 (topics: [names-topic])
      --> KTABLE-SOURCE-0000000003
    Processor: KTABLE-SOURCE-0000000003 (stores: [names])
      --> none
      <-- KSTREAM-SOURCE-0000000002
`);
    expect(flawsOf(parseDescription(text))).toEqual([]);
  });

  it('is drawn by a visualiser with every edge, topic and store', () => {
    for (const description of [...ours.values(), ...Object.values(KAFKA)]) {
      const expected = parseDescription(description).flatMap(({ nodes }) =>
        nodes.flatMap(({ kind, name, linked, children = [] }) => [
          ...linked.map((each) => (kind === 'Source' ? `${each} -> ${name}` : `${name} -> ${each}`)),
          ...children.map((child) => `${name} -> ${child}`),
        ]),
      );
      expect([...drawnEdges(description)].sort()).toEqual([...expected].sort());
    }
  });
});
