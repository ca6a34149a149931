import { spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { workplace } from './headrace.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let place: ReturnType<typeof workplace>;
beforeEach(() => {
  place = workplace();
});
afterEach(() => place.remove());

/** Runs node to its end, apart from the test run around it. */
function node(args: readonly string[], cwd: string): Promise<{ status: number | null; out: string; err: string }> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  const child = spawn(process.execPath, args, { cwd, env: { ...environment, NO_COLOR: '1' } });
  const result = { status: null as number | null, out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    result.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    result.err += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ ...result, status })));
}

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A small project with our scripts and packages, and sources of its own. */
function project(files: Readonly<Record<string, string>>): string {
  const root = place.file('project');
  mkdirSync(root);
  cpSync(join(ROOT, 'scripts'), join(root, 'scripts'), { recursive: true });
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) {
    copyFileSync(join(ROOT, file), join(root, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  write(root, {
    'biome.json':
      '{ "files": { "includes": ["src/**"] }, "formatter": { "enabled": false }, "linter": { "rules": { "preset": "recommended" } } }',
    'src/index.ts': "export const answer = '42';\n",
    ...files,
  });
  return root;
}

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);
const passing = "import { expect, it } from 'vitest';\nit('adds', () => expect(1 + 1).toBe(2));\n";

describe('npm test', () => {
  it('builds, and counts types, lint and tests in its last line', { timeout: 60_000 }, async () => {
    const root = project({
      'test/a.test.ts': `${passing}it.skip('later', () => undefined);\n`,
    });
    const { status, out, err } = await node(['scripts/test.mjs'], root);
    expect(lastLine(out)).toBe('3 passed, 0 failed, 1 skipped');
    expect(out).toContain('skipped: test/a.test.ts > later');
    expect(err).toContain('headrace: building dist (it is missing)');
    expect(status).toBe(0);
    expect(existsSync(join(root, 'dist/src/index.js'))).toBe(true);
  });

  it('fails for a type, a lint rule, a test, and a file that cannot be read', { timeout: 60_000 }, async () => {
    const root = project({
      'src/index.ts': 'export function f(a: number) {\n  debugger;\n  return a == 1;\n}\n',
      'test/a.test.ts': `${passing}it('fails', () => expect(1 as string).toBe(2));\n`,
      'test/b.test.ts': "import './nothing.ts';\n",
    });
    const { status, out } = await node(['scripts/test.mjs'], root);
    expect(out).toContain('type check: FAILED');
    expect(out).toContain('lint: FAILED');
    expect(lastLine(out)).toBe('1 passed, 4 failed');
    expect(status).toBe(1);
  });

  it('fails when no test ran', { timeout: 60_000 }, async () => {
    const { status, out } = await node(['scripts/test.mjs', 'test/nothing'], project({ 'test/a.test.ts': passing }));
    expect(lastLine(out)).toBe('2 passed, 1 failed');
    expect(status).toBe(1);
  });
});

describe('what a checkout needs', () => {
  it('is built again when a source changes, and not else', { timeout: 60_000 }, async () => {
    const root = project({});
    expect((await node(['scripts/build.mjs'], root)).err).toBe('headrace: building dist (it is missing)\n');
    expect((await node(['scripts/build.mjs'], root)).err).toBe('');
    write(root, { 'src/index.ts': "export const answer = '43';\n" });
    expect((await node(['scripts/build.mjs'], root)).err).toBe('headrace: building dist (it is out of date)\n');
    expect(readFileSync(join(root, 'dist/src/index.js'), 'utf8')).toContain('43');
  });

  it('is built once by two who come together', { timeout: 60_000 }, async () => {
    const root = project({});
    const both = await Promise.all([node(['scripts/build.mjs'], root), node(['scripts/build.mjs'], root)]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    const said = both.map(({ err }) => err).join('');
    expect(said.match(/building dist/g)).toHaveLength(1);
    expect(existsSync(join(root, 'dist/.lock'))).toBe(false);
  });

  it.each([
    ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }), 0],
    ['nobody who still touches it', JSON.stringify({ pid: 1, host: 'elsewhere' }), 60],
  ])('is not kept from us by a lock of %s', async (_whose, lock, ageSeconds) => {
    const root = project({ 'dist/.lock': lock });
    const touchedAt = Date.now() / 1_000 - ageSeconds;
    utimesSync(join(root, 'dist/.lock'), touchedAt, touchedAt);
    expect((await node(['scripts/build.mjs'], root)).status).toBe(0);
    expect(existsSync(join(root, 'dist/src/index.js'))).toBe(true);
  });

  it('is refused to a Node.js that is too old, in words', async () => {
    const url = JSON.stringify(new URL('../../scripts/checkout/node-version.mjs', import.meta.url).href);
    const ask = `import(${url}).then((m) => console.log(JSON.stringify(process.argv.slice(1).map(m.nodeVersionProblem))))`;
    const versions = ['18.20.8', '20.18.9', '20.19.0', '22.0.0', '100.1.0'];
    const problems = JSON.parse((await node(['-e', ask, ...versions], ROOT)).out) as (string | null)[];
    expect(problems.slice(2)).toEqual([null, null, null]);
    expect(problems[0]).toMatch(/needs Node\.js 20\.19 or later, and this is 18\.20\.8/);
    expect(problems[1]).toMatch(/this is 20\.18\.9/);
  });
});
