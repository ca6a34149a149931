import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryFiles, root } from '../tidy/source-file.ts';
import { readYaml } from './yaml.ts';

const files = repositoryFiles().filter(({ path }) => /\.ya?ml$/.test(path));
const hasPython = spawnSync('python3', ['-c', 'import yaml'], { timeout: 60_000 }).status === 0;

describe('YAML', () => {
  it('is read by indentation, with comments, quotes and brackets', () => {
    const text = `# a comment
name: headrace # another
'quoted key': "a # in quotes"
url: http://127.0.0.1:8123/ping#part
numbers: [1, '2', three four]
empty:
nothing: null
list:
  - one
  - key: value
    other: 'it''s'
  -
    deep: true
text: plain words, with commas
`;
    expect(readYaml(text)).toEqual({
      name: 'headrace',
      'quoted key': 'a # in quotes',
      url: 'http://127.0.0.1:8123/ping#part',
      numbers: [1, '2', 'three four'],
      empty: null,
      nothing: null,
      list: ['one', { key: 'value', other: "it's" }, { deep: true }],
      text: 'plain words, with commas',
    });
  });

  it('has anchors and merges, in which the nearer one wins', () => {
    const text = `a: &a
  x: 1
  y: 1
b: &b
  x: 2
  z: 2
c:
  y: 3
  <<: *a
d:
  <<: [*a]
e: *b
`;
    expect(readYaml(text.replace('  <<: [*a]\n', '  <<: *b\n'))).toEqual({
      a: { x: 1, y: 1 },
      b: { x: 2, z: 2 },
      c: { x: 1, y: 3 },
      d: { x: 2, z: 2 },
      e: { x: 2, z: 2 },
    });
    expect(() => readYaml(text)).toThrow('Line 11');
  });

  it.each([
    ['a key twice', 'a: 1\na: 2'],
    ['a tab', 'a:\n\tb: 1'],
    ['indentation that fits nothing', 'a:\n    b: 1\n  c: 2'],
    ['a text over lines', 'a: |\n  b'],
    ['a mapping in braces', 'a: { b: 1 }'],
    ['brackets over lines', 'a: [1,\n  2]'],
    ['an alias of nothing', 'a: *b'],
    ['a merge of what is no mapping', 'a: &a 1\nb:\n  <<: *a'],
    ['words that were booleans once', 'a: yes'],
    ['numbers to the base of sixty', 'ports:\n  - 22:22'],
    ['octal numbers', 'mode: 0755'],
    ['an open quote', "a: 'b"],
    ['escapes', 'a: "\\n"'],
    ['no key', 'a: 1\nb'],
  ])('refuses %s', (_name, text) => {
    expect(() => readYaml(text)).toThrow(/^Line \d/);
  });

  it.skipIf(!hasPython)('reads our files as PyYAML does', () => {
    expect(files.length).toBeGreaterThan(1);
    for (const { path, text } of files) {
      const program = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))';
      const out = execFileSync('python3', ['-c', program, join(root, path)], { encoding: 'utf8' });
      expect([path, readYaml(text)]).toEqual([path, JSON.parse(out)]);
    }
  });
});
