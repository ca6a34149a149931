import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../tidy/source-file.ts';
import { type BlankProject, blankProject, type PackedFile, pack, projectWith } from './packed.ts';

const FOLDER = join(root, 'examples');
const examples = readdirSync(FOLDER).filter((name) => /^\d-/.test(name));

let packed: PackedFile;
let project: BlankProject;
beforeAll(async () => {
  packed = await pack();
  project = await blankProject(packed, false);
}, 500_000);
afterAll(() => {
  project?.remove();
  packed?.remove();
});

it('are a ladder without a gap', () => {
  expect(examples.map((name) => Number(name[0]))).toEqual(examples.map((_name, index) => index));
  const list = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  for (const name of examples) expect(list).toContain(`](${name}/README.md)`);
});

describe.each(examples)('%s', (name) => {
  let own: BlankProject;
  beforeAll(() => {
    own = projectWith(project, join(FOLDER, name));
  });
  afterAll(() => own?.remove());

  it('gives what it says, by the command that it names', async () => {
    const command = 'headrace start --topology ./topology.ts --once --input input.ndjson';
    if (name !== '0-starter') expect(readFileSync(own.file('README.md'), 'utf8')).toContain(command);
    const [program, ...args] = command.split(' ');
    const { status, out, err } = await own.run(program!, ...args, '--data', own.file('data'));
    const text = out.replace(/^time .*\n/m, '');
    expect([err, text]).toEqual(['', readFileSync(own.file('expected.txt'), 'utf8')]);
    expect(status).toBe(name === '6-dead-letters' ? 1 : 0);
  }, 180_000);

  it('passes its own test, and the strict check', async () => {
    const tested = await own.run('node', '--import', 'headrace/register', '--test', 'topology.test.ts');
    expect([tested.status, tested.out]).toEqual([0, expect.stringMatching(/^\S fail 0$/m)]);
    const files = readdirSync(own.path).filter((file) => file.endsWith('.ts'));
    const options = existsSync(own.file('tsconfig.json'))
      ? ['--skipLibCheck', 'false']
      : [
          '--noEmit',
          '--strict',
          '--skipLibCheck',
          'false',
          '--module',
          'nodenext',
          '--target',
          'es2023',
          '--types',
          'node',
          ...files,
        ];
    expect(await own.run('tsc', ...options)).toMatchObject({ status: 0, out: '' });
  }, 180_000);
});

it('the starter runs by the scripts of its package.json', async () => {
  const own = projectWith(project, join(FOLDER, '0-starter'));
  const { scripts } = JSON.parse(readFileSync(own.file('package.json'), 'utf8')) as {
    readonly scripts: Record<string, string>;
  };
  for (const script of ['once', 'test', 'typecheck']) {
    const [program, ...args] = scripts[script]!.split(' ');
    const { status, out, err } = await own.run(program!, ...args);
    expect([script, status, out, err]).toEqual([script, 0, out, err]);
  }
  own.remove();
}, 120_000);
