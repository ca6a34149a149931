import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cases as generalCases } from './cases.ts';
import { invariantCases } from './invariant-cases.ts';
import { PRELUDE } from './prelude.ts';

const cases = [...generalCases, ...invariantCases];
const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the compiler says of each file. */
let said: ReadonlyMap<string, string>;
let directory: string;

const fileOf = (index: number, variant: 'right' | 'wrong') => `${index}-${variant}.ts`;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'headrace-types-'));
  for (const [index, { right, wrong }] of cases.entries()) {
    writeFileSync(join(directory, fileOf(index, 'right')), `${PRELUDE}\n${right}\n`);
    writeFileSync(join(directory, fileOf(index, 'wrong')), `${PRELUDE}\n${wrong}\n`);
  }
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        // A piece uses a part of what stands before it.
        noUnusedLocals: false,
        typeRoots: [join(root, 'node_modules/@types')],
        paths: { headrace: [join(root, 'src/index.ts')] },
      },
      include: [join(directory, '*.ts')],
    }),
  );
  said = byFile(await compile());
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function compile(): Promise<string> {
  const command = [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(directory, 'tsconfig.json'), '--noEmit'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...command, '--pretty', 'false'],
      { cwd: directory, maxBuffer: 1 << 26 },
      (_error, output) => resolve(output),
    );
  });
}

/** A message begins with `file(line,column): error`; what is indented goes on with it. */
function byFile(output: string): ReadonlyMap<string, string> {
  const messages = new Map<string, string>();
  let file = '';
  for (const line of output.split('\n')) {
    file = /^(?:.*\/)?([^/]+\.ts)\(\d+,\d+\): error/.exec(line)?.[1] ?? file;
    if (line !== '') messages.set(file, `${messages.get(file) ?? ''}${line}\n`);
  }
  return messages;
}

describe('the types of the public index', () => {
  it.each(cases.map((each, index) => [each.name, each, index] as const))('%s', (_name, { says }, index) => {
    expect(said.get(fileOf(index, 'right')), 'what is right compiles').toBe(undefined);
    expect(said.get(fileOf(index, 'wrong')), 'what is wrong does not').toMatch(says);
  });

  it('the compiler spoke of these files only', () => {
    const known = cases.flatMap((_, index) => [fileOf(index, 'right'), fileOf(index, 'wrong')]);
    expect([...said.keys()].filter((file) => !known.includes(file))).toEqual([]);
  });
});
