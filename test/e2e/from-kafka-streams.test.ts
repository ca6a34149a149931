import { readFileSync } from 'node:fs';
import { countSerde, StreamsBuilder, stringSerde, type Topology } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { KAFKA_STREAMS_METHODS } from './kafka-streams-methods.ts';

const page = readFileSync(new URL('../../docs/FROM-KAFKA-STREAMS.md', import.meta.url), 'utf8');

/** What the first columns of the tables name: `Class.method`, and further methods of the class without it. */
function toldMethods(text: string): ReadonlySet<string> {
  const told = new Set<string>();
  for (const [, cell] of text.matchAll(/^\| ([^|]+) \|/gm)) {
    let owner = '';
    for (const [, name] of cell!.matchAll(/`([\w.]+)`/g)) {
      const [first, second] = name!.split('.');
      if (second !== undefined) owner = first!;
      told.add(`${owner}.${second ?? first}`);
    }
  }
  return told;
}

describe('docs/FROM-KAFKA-STREAMS.md', () => {
  it('tells of every public method of the Java API', () => {
    const told = toldMethods(page);
    const all = Object.entries(KAFKA_STREAMS_METHODS).flatMap(([owner, names]) =>
      names.map((name) => `${owner}.${name}`),
    );
    expect(all.length).toBeGreaterThan(150);
    expect(all.filter((method) => !told.has(method))).toEqual([]);
  });

  it('misses what is not told', () => {
    expect(toldMethods('| `KStream.filter` `map`, `KTable.filter` | x |').has('KTable.map')).toBe(false);
    expect(toldMethods('| `KStream.filter` `map`, `KTable.filter` | x |').has('KStream.map')).toBe(true);
  });

  it('begins with a topology that works', () => {
    const code = /```ts\n([\s\S]*?)```/.exec(page)![1]!.replaceAll(/^import .*$/gm, '');
    const build = new Function('countSerde', 'StreamsBuilder', 'stringSerde', `${code}; return topology;`);
    const driver = new TopologyTestDriver(build(countSerde, StreamsBuilder, stringSerde) as Topology);
    driver.inputTopic('text-lines', { key: stringSerde, value: stringSerde }).pipe(null, 'All streams lead to all');
    const counts = driver.outputTopic('word-counts', { key: stringSerde, value: countSerde }).readKeyValues();
    expect(new Map(counts)).toEqual(
      new Map([
        ['all', 2],
        ['streams', 1],
        ['lead', 1],
        ['to', 1],
      ]),
    );
  });
});
