import { describe, expect, it } from 'vitest';
import { loadTopology } from '../../../src/app/user-topology/loaded-topology.ts';
import { runCommand } from '../cli/run-command.ts';
import { BEGIN, topologyFolder } from './topology-file.ts';

const ONE = `${BEGIN}builder.stream('in', texts).to('out', texts);\n`;
const BUILT = `${ONE}export default builder.build();\n`;

describe('a file of a topology', () => {
  it.each([
    ['its default export', 'export default builder.build();', 't'],
    ['its export topology', 'export const topology = builder.build();', 't'],
    ['a function', 'export default () => builder.build();', 't'],
    ['a promise', 'export default Promise.resolve(builder.build());', 't'],
    ['a definition', "export default defineTopology({ application: 'named', topology: builder.build() });", 'named'],
    [
      'a definition that waits',
      "export default async () => ({ application: 'late', topology: builder.build() });",
      'late',
    ],
  ])('gives %s', async (_what, how, application) => {
    const file = topologyFolder({ 't.ts': `${ONE}${how}` });
    const loaded = await loadTopology(file('t.ts'));
    expect(loaded.application).toBe(application);
    expect(loaded.topology.describe()).toContain('topics: [in]');
    expect((await loadTopology(file('t.ts'), 'said')).application).toBe('said');
  });

  it('may be JavaScript, CommonJS too, and of several files', async () => {
    const file = topologyFolder({
      't.mjs': BUILT,
      't.cjs':
        "const { StreamsBuilder, stringSerde } = require('headrace');\nconst builder = new StreamsBuilder();\nbuilder.stream('in', { key: stringSerde, value: stringSerde });\nmodule.exports = builder.build();\n",
      't.ts':
        "import { make } from './parts/make.js';\nimport { topic } from './parts/topic';\nexport default make(topic);\n",
      'parts/make.ts': `${BEGIN}export enum Kind { A }\nexport const make = (topic: string) => { builder.stream(topic, texts); return builder.build(); };\n`,
      'parts/topic.ts': "export const topic: string = 'in';\n",
    });
    for (const name of ['t.mjs', 't.cjs', 't.ts']) {
      expect((await loadTopology(file(name))).topology.describe()).toContain('topics: [in]');
    }
  });
});

/** Each as a user meets it: by the command, which says what to do and makes no data directory. */
describe('bad input', () => {
  const late = "\nconst boom = (): never => { throw new RangeError('planted') };\nboom();\n";
  it.each<[string, Readonly<Record<string, string>>, number, RegExp]>([
    ['that is not there', {}, 2, /There is no file .*t\.ts: name the topology by its path from here \[USAGE\]/],
    ['that is a directory', { 't.ts/a': '' }, 2, /t\.ts is a directory: name the file of the topology in it/],
    [
      'that throws',
      { 't.ts': `${BUILT}${late}` },
      1,
      /can't be loaded as the topology: RangeError: planted \(.*t\.ts:7:\d+\)/,
    ],
    [
      'that throws in a file that it imports',
      { 't.ts': "import './deep.js';\n", 'deep.ts': '\n\nJSON.parse("{");\n' },
      1,
      /can't be loaded as the topology: SyntaxError: .*JSON.* \(.*deep\.ts:3:6\)/,
    ],
    ['that throws no error', { 't.ts': "throw 'a text';\n" }, 1, /it threw "a text", which is no Error/],
    ['with a syntax error', { 't.ts': `${ONE}export default builder.build(;\n` }, 1, /Unexpected token .*t\.ts:5:\d+/],
    [
      'with a missing import',
      { 't.ts': "import { a } from './nowhere.js';\nexport default a;\n" },
      1,
      /Cannot find module '\.\/nowhere\.js', which .*t\.ts imports: correct the import/,
    ],
    [
      'with a missing package',
      { 't.ts': "import a from 'no-such-package';\nexport default a;\n" },
      1,
      /Cannot find module 'no-such-package', which .*t\.ts imports: .*install the package/,
    ],
    ['that exports nothing', { 't.ts': ONE }, 1, /t\.ts exports no topology: it exports nothing\. Its default export/],
    [
      'that exports something else',
      { 't.ts': 'export default 7; export const helper = () => 1;' },
      1,
      /it exports .*default \(a number\)/,
    ],
    [
      'that forgets build()',
      { 't.ts': `${ONE}export default builder;` },
      1,
      /default \(a StreamsBuilder: call its build\(\)\)/,
    ],
    [
      'with a definition of something else',
      { 't.ts': `${ONE}export default { topology: builder };` },
      1,
      /its export has a topology that is a StreamsBuilder: call its build\(\)/,
    ],
    [
      'with an unknown setting',
      { 't.ts': `${ONE}export default { topology: builder.build(), aplication: 'x' };` },
      1,
      /a topology has no setting aplication; did you mean application\?/,
    ],
    [
      'with a setting of another type',
      { 't.ts': `${ONE}export default { topology: builder.build(), topics: [{ name: 'in', partitions: 0 }] };` },
      1,
      /topics\.0\.partitions of the topology: /,
    ],
    [
      'with a name that is none',
      { 't.ts': `${ONE}export default { topology: builder.build(), application: 'a b' };` },
      1,
      /application of the topology: must be a name of letters/,
    ],
    [
      'without a topic',
      { 't.ts': `${BEGIN}export default builder.build();` },
      1,
      /The topology reads no topic; begin with builder\.stream.* \(.*t\.ts:4:\d+\) \[TOPOLOGY_INVALID\]/,
    ],
    [
      'with a topic read twice',
      { 't.ts': `${BEGIN}builder.stream('a', texts);\nbuilder.stream('a', texts);` },
      1,
      /Topic a is read twice.* \(.*t\.ts:5:9\)/,
    ],
    [
      'with a store that has no name',
      {
        't.ts': `${BEGIN}builder.stream('a', texts).groupByKey()\n  .count({} as never);\nexport default builder.build();`,
      },
      1,
      /count, reduce or aggregate: what it keeps on disk has no name; give it one with the option name|name.*\(.*t\.ts:\d/,
    ],
    [
      'with an operator that gets no options at all',
      {
        't.mjs': '',
        't.ts':
          `${BEGIN}builder.stream('a', texts).groupByKey()\n  .reduce();\nexport default builder.build();`.replace(
            '.reduce()',
            '.reduce(undefined as never)',
          ),
      },
      1,
      /name.*\(.*t\.ts:5:\d+\)/,
    ],
    [
      'that writes into the topic that it reads',
      {
        't.ts': `${BEGIN}builder.stream('a', texts).filter(() => true, { name: 'all' }).to('a', texts);\nexport default builder.build();`,
      },
      1,
      /reads topic a and writes what comes of it into a again, so that a record would go round for ever: a -> \S+ -> all -> \S+ -> a\. .*loops: \['a'\]/,
    ],
    [
      'that goes round by way of another topic',
      {
        't.ts': `${BEGIN}builder.stream('a', texts).to('b', texts);\nbuilder.stream('b', texts).to('a', texts);\nexport default builder.build();`,
      },
      1,
      /go round for ever: a -> \S+ -> \S+ -> \S+ -> \S+ -> a/,
    ],
    [
      'with sources of unlike partitions',
      {
        't.ts': `${BEGIN}const table = builder.table('b', { name: 'b', ...texts });
        builder.stream('a', texts).join(table, (left) => left, {}).to('c', texts);
        export default defineTopology({ topology: builder.build(), topics: [{ name: 'a', partitions: 2 }, { name: 'b', partitions: 3 }] });`,
      },
      1,
      /Sub-topology 0 reads topics that must have equally many partitions: b has 3, a has 2|a has 2, b has 3/,
    ],
    [
      'with a table of no topic of it',
      {
        't.ts': `${ONE}export default { topology: builder.build(), migrations: '.', tables: [{ topic: 'oud', table: 'headrace.x', columns: [], rows: () => [] }] };`,
      },
      1,
      /the table headrace\.x takes topic oud, which the topology neither reads nor writes; its topics are/,
    ],
    [
      'with tables that nothing makes',
      {
        't.ts': `${ONE}export default { topology: builder.build(), tables: [{ topic: 'out', table: 'headrace.x', columns: [], rows: () => [] }] };`,
      },
      1,
      /has tables: name the directory of the SQL files that make them, as migrations: '\.\/sql'/,
    ],
    [
      'with migrations that are not there',
      { 't.ts': `${ONE}export default { topology: builder.build(), migrations: './sql' };` },
      1,
      /There is no directory .*sql, which .*t\.ts names as migrations/,
    ],
  ])('a file %s', async (_what, files, code, message) => {
    const file = topologyFolder({ 'in.ndjson': '{"value":"x"}\n', ...files });
    const start = ['start', '--topology', file('t.ts'), '--once', '--input', file('in.ndjson'), '--data', file('data')];
    const result = await runCommand(...start);
    expect(result.err).toMatch(message);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err.trim().split('\n')).toHaveLength(1);
    // No line of ours, nor of the loader's.
    expect(result.err).not.toMatch(/node_modules|src\/app/);
  });

  it('a loop that is meant runs, and ends by itself', async () => {
    const file = topologyFolder({
      'in.ndjson': '{"value":"xxx"}\n',
      't.ts': `${BEGIN}const { again, rest } = builder.stream('a', texts).split({ again: (_key, value) => value.length > 1 });
      again.mapValues((value) => value.slice(1)).to('a', texts);
      rest.to('done', texts);
      export default defineTopology({ topology: builder.build(), loops: ['a'] });`,
    });
    const start = ['start', '--topology', file('t.ts'), '--once', '--input', file('in.ndjson'), '--data', file('data')];
    const { code, out } = await runCommand(...start);
    expect([code, out]).toEqual([0, expect.stringMatching(/done: 1 record\n {2}null {2}x\n/)]);
  });

  it('a topic that exists with other partitions than the file says', async () => {
    const topology = (partitions: number) =>
      `${ONE}export default { topology: builder.build(), topics: [{ name: 'in', partitions: ${partitions} }] };`;
    const file = topologyFolder({ 'in.ndjson': '{"value":"x"}\n', 't.ts': topology(2), 'other/t.ts': topology(3) });
    const start = (name: string) => [
      'start',
      '--topology',
      file(name),
      '--once',
      '--input',
      file('in.ndjson'),
      '--data',
      file('data'),
    ];
    expect((await runCommand(...start('t.ts'))).code).toBe(0);
    expect(await runCommand(...start('other/t.ts'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('[TOPIC_MISMATCH]'),
    });
  });
});
