import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { root } from '../tidy/source-file.ts';
import { type BlankProject, blankProject, type PackedFile, pack, projectWith } from './packed.ts';

let packed: PackedFile;
let project: BlankProject;
beforeAll(async () => {
  packed = await pack();
  project = await blankProject(packed);
}, 500_000);
afterAll(() => {
  project?.remove();
  packed?.remove();
});

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const section = readme.slice(readme.indexOf('## A first topology'));
const STRICT = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2023'];

/** The block that stands under a file's name, or the first one that begins with a command. */
function block(before: string): string {
  const [, text] = new RegExp(`${before}\\n\\n\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``).exec(section)!;
  return text!;
}

describe('the packed file', () => {
  it('holds what its package.json names, and nothing of the repository beside it', () => {
    const wanted = [
      packageJson.bin.headrace,
      ...Object.values(packageJson.exports).flatMap((each) =>
        typeof each === 'string' ? [each] : Object.values(each),
      ),
    ];
    for (const path of wanted) expect(packed.files).toContain(path.replace(/^\.\//, ''));
    for (const path of ['sql/001-ledger.sql', 'schemas/registry.json', 'README.md', 'LICENSE'])
      expect(packed.files).toContain(path);
    const rooms = new Set(
      packed.files.map((path) =>
        path
          .split('/')
          .slice(0, path.startsWith('dist/') ? 2 : 1)
          .join('/'),
      ),
    );
    expect([...rooms].sort()).toEqual([
      'LICENSE',
      'README.md',
      'bin',
      'dist/src',
      'dist/topologies',
      'package.json',
      'schemas',
      'sql',
    ]);
    expect(packed.files.filter((path) => /\.map$|\.test\.|tsbuildinfo|\.build-stamp/.test(path))).toEqual([]);
    expect(packed.files.filter((path) => path.startsWith('dist/') && !/\.(js|d\.ts)$/.test(path))).toEqual([]);
  });

  it('has nothing that publint complains of', async () => {
    const tarball = readFileSync(packed.path);
    const { messages } = await publint({
      pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) },
      strict: true,
    });
    expect(messages).toEqual([]);
  }, 180_000);

  it('has the right types for each entry, however it is resolved', async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(packed.path))));
    if (!result.types) throw new RangeError('it has no types');
    // The package is ESM, which every Node.js that it runs on can require: a CommonJS project needs no other form of it.
    const problems = result.problems.filter(({ kind }) => kind !== 'CJSResolvesToESM');
    expect(problems).toEqual([]);
  }, 180_000);
});

describe("the README's first example, in an empty folder with the packed file", () => {
  const commands = block('Run the topology over the file, its test, and look at what is kept:').trim().split('\n');
  beforeAll(() => {
    project.write({
      'topology.ts': block('`topology.ts`'),
      'topology.test.ts': block('`topology.test.ts`'),
      'input.ndjson': block('`input.ndjson`'),
    });
  });

  it('is what stands in examples/1-word-count', () => {
    for (const file of ['topology.ts', 'topology.test.ts', 'input.ndjson']) {
      expect(readFileSync(project.file(file), 'utf8')).toBe(
        readFileSync(join(root, 'examples/1-word-count', file), 'utf8'),
      );
    }
  });

  it('runs by the commands that stand there', async () => {
    const results = [];
    for (const command of commands) {
      const [program, ...args] = command.replace(/^npx /, '').split(' ');
      const { status, out, err } = await project.run(program!, ...args);
      expect([command, status, err]).toEqual([command, 0, err]);
      results.push(out);
    }
    const [once, tested, consumed, state] = results;
    expect(once).toMatch(/taken in +3\n[\s\S]*word-counts: 3 records\n {2}to {2}1\n {2}be {2}1\n {2}to {2}2\n/);
    expect(tested).toMatch(/^\S pass 1$/m);
    const json = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(json(consumed!)).toMatchObject([
      { key: 'to', value: 1 },
      { key: 'be', value: 1 },
      { key: 'to', value: 2 },
    ]);
    expect(json(state!)).toMatchObject([
      { key: 'be', value: 1 },
      { key: 'to', value: 2 },
    ]);
  }, 180_000);

  it('does not try to build, and knows its version', async () => {
    expect(await project.run('headrace', '--version')).toMatchObject({
      status: 0,
      out: `${packageJson.version}\n`,
      err: '',
    });
  });

  it("passes the compiler's strict check, the types of the packages included", async () => {
    const checked = await project.run('tsc', ...STRICT, '--types', 'node', 'topology.ts', 'topology.test.ts');
    expect(checked).toMatchObject({ status: 0, out: '' });
    // Without the types of Node.js as well, but for the client of Kafka.
    project.write({
      'all.ts':
        "export * as a from 'headrace';\nexport * as b from 'headrace/embedded';\nexport * as c from 'headrace/testing';\n",
    });
    expect(await project.run('tsc', ...STRICT, '--types', '', 'all.ts')).toMatchObject({ status: 0, out: '' });
    project.write({
      'kafka.ts':
        "import 'headrace/register';\nexport * as a from 'headrace/kafka';\nexport * as b from 'headrace/queries';\n",
    });
    expect(await project.run('tsc', ...STRICT, 'kafka.ts')).toMatchObject({ status: 0, out: '' });
  }, 180_000);

  it('is tested by vitest with one word changed', async () => {
    const text = readFileSync(project.file('topology.test.ts'), 'utf8');
    project.write({ 'by-vitest.test.ts': text.replace("'node:test'", "'vitest'") });
    const { status, out, err } = await project.run('vitest', 'run', 'by-vitest.test.ts');
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/Tests +1 passed/);
  }, 180_000);

  it('gets the classes of the command that runs it, in whatever language it is', async () => {
    const source = (annotation: string) => `import { HeadraceError, StreamsBuilder, stringSerde } from 'headrace';
      const builder = new StreamsBuilder();
      builder.stream('in', { key: stringSerde, value: stringSerde })
        .mapValues((value${annotation}) => { throw new HeadraceError('AMOUNT_INVALID', 'planted ' + value); })
        .to('out', { key: stringSerde, value: stringSerde });
      export default builder.build();`;
    for (const [file, text] of [
      ['stranger.ts', source(': string')],
      ['stranger.mjs', source('')],
    ] as const) {
      project.write({ [file]: text, 'one.ndjson': '{"value":"x"}\n' });
      const data = `data-${file}`;
      const { status, out } = await project.run(
        'headrace',
        'start',
        '--topology',
        file,
        '--once',
        '--input',
        'one.ndjson',
        '--data',
        data,
      );
      expect([status, out]).toEqual([1, expect.stringContaining('planted x')]);
      const letters = await project.run('headrace', 'consume', 'in.dlq', '--data', data);
      expect(letters.out).toContain('"__headrace.errors.code","value":"AMOUNT_INVALID"');
    }
  }, 180_000);

  it('is found by headrace.config.ts', async () => {
    const config =
      "import { defineConfig } from 'headrace';\nexport default defineConfig({ topology: './topology.ts', data: './configured', print: 1 });\n";
    const copy = projectWith(project, join(root, 'examples/1-word-count'));
    copy.write({ 'headrace.config.ts': config });
    const { status, out } = await copy.run('headrace', 'start', '--once', '--input', 'input.ndjson');
    expect([status, out]).toEqual([
      0,
      expect.stringMatching(/\n {2}to {2}1\n {2}\.\.\. and 2 more: headrace consume word-counts\n/),
    ]);
    expect((await copy.run('headrace', 'consume', 'word-counts', '--max', '1')).out).toContain('"value":1');
    copy.remove();
  }, 180_000);
});
