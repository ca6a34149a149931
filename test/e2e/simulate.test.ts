import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headrace, workplace } from './headrace.ts';

const TOPOLOGY = `
import { StreamsBuilder, stringSerde, countSerde } from 'headrace';
import type { Simulation } from 'headrace/testing';

const serdes = { key: stringSerde, value: stringSerde };
const builder = new StreamsBuilder();
BEFORE
builder
  .stream('words', serdes)
  .mapValues((word) => CHANGED)
  .groupBy((_key, word) => word, { name: 'by-word', key: stringSerde, value: stringSerde })
  .count({ name: 'counts' })
  .toStream()
  .to('word-counts', { key: stringSerde, value: countSerde });
export const topology = builder.build();
SIMULATION
`;
const SIMULATION = `export const simulation: Simulation = {
  input: (draw) => Array.from({ length: 20 }, () => ({ topic: 'words', key: null, value: draw.pick(['to', 'be', 'or']) })),
};`;

describe('headrace simulate', () => {
  let place: ReturnType<typeof workplace>;
  beforeAll(() => {
    place = workplace();
  });
  afterAll(() => place.remove());

  const file = (name: string, { before = '', changed = 'word', simulation = SIMULATION } = {}) => {
    const path = place.file(name);
    writeFileSync(
      path,
      TOPOLOGY.replace('BEFORE', before).replace('CHANGED', changed).replace('SIMULATION', simulation),
    );
    return path;
  };
  const simulated = (...args: readonly string[]) => headrace(['simulate', ...args]);

  it('finds nothing in a topology that is right, and says how much it did', async () => {
    const { status, out, err } = await simulated('--topology', file('right.ts'), '--seeds', '30');
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^[\d.]+ s, [\d.]+ seeds\/s\n30 passed, 0 failed\n$/);
  }, 60_000);

  it('finds what the topology keeps beside its stores, with the seed, the smallest run and the code', async () => {
    const wrong = file('wrong.ts', {
      before: 'const seen: string[] = [];',
      changed: '{ seen.push(word); return word + seen.filter((each) => each === word).length; }',
    });
    const { status, out } = await simulated('--topology', wrong, '--seeds', '50');
    expect([status, out]).toEqual([
      1,
      expect.stringMatching(
        /^seed \d+: output differs: [\s\S]+\nThe smallest run that shows it:\n[\s\S]+\(headrace \d[^)]*\)\n[\s\S]+ passed, 1 failed\n$/,
      ),
    ]);
    const seed = /^seed (\d+)/.exec(out)![1]!;
    const replayed = await simulated('--topology', wrong, '--replay', seed);
    expect(replayed.status).toBe(1);
    expect(replayed.out).toMatch(/^ +0 ms {2}process 0 begins\n/);
    expect(replayed.out).toMatch(/committed: wrong 0_\d processed words offset 0\n[\s\S]+\noutput differs: /);
  }, 60_000);

  it('takes its records from a file, and tells machines', async () => {
    const input = place.file('words.ndjson');
    writeFileSync(input, ['to', 'be', 'or', 'not', 'to', 'be'].map((word) => `{"value":"${word}"}\n`).join(''));
    const { status, out } = await simulated(
      ...['--topology', file('bare.ts', { simulation: '' }), '--input', input, '--seeds', '10', '--json'],
    );
    expect([status, JSON.parse(out)]).toEqual([0, expect.objectContaining({ passed: 10, failed: [] })]);
  }, 60_000);

  it.each([
    ['nothing that says what to send', { simulation: '' }, [], /Nothing says what to send.*--input/s, 2],
    [
      'a name that is none',
      { simulation: 'export const simulation = { inputs: () => [] };' },
      [],
      /no "inputs".*input/s,
      1,
    ],
    [
      'an input that is no function',
      { simulation: 'export const simulation = { input: 3 };' },
      [],
      /must be a function/,
      1,
    ],
    ['a line that is no record', {}, ['--input', 'line.ndjson'], /line 2: is not valid JSON/, 1],
    ['seeds that are no number', {}, ['--seeds', 'many'], /whole number/, 2],
  ])('says what to do about %s', async (name, change, args, said, status) => {
    writeFileSync(place.file('line.ndjson'), '{"value":"to"}\nto be\n');
    const more = args.map((each) => (each.endsWith('.ndjson') ? place.file(each) : each));
    const ended = await simulated('--topology', file(`${name.replaceAll(' ', '-')}.ts`, change), ...more);
    expect([ended.status, ended.err]).toEqual([status, expect.stringMatching(said)]);
  });

  it('needs a topology', async () => {
    const { status, err } = await simulated();
    expect([status, err]).toEqual([2, expect.stringContaining('headrace simulate --topology ./topology.ts')]);
  });
});
