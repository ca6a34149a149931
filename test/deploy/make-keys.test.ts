import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiKeys } from '../../src/app/http/api/api-keys.ts';
import { readCompose } from './compose.ts';
import { keysIn, makeKeys } from './make-keys.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headrace-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (path: string) => readFileSync(path, 'utf8');
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

it('makes the files that docker-compose.yml mounts, and Headrace takes the keys', () => {
  makeKeys(folder);
  const keys = keysIn(folder);
  const accepted = ApiKeys.ofFile(keys.file);
  for (const name of ['client', 'prometheus']) {
    expect(text(keys.of(name))).toMatch(/^[0-9a-f]{64}$/);
    expect(accepted.clientOf(text(keys.of(name)))).toBe(name);
  }
  const mounted = Object.values(readCompose().secrets).map(({ file }) => join(folder, file));
  expect(mounted).toEqual([keys.file, keys.of('prometheus')]);
  // Whoever runs in a container reads the files; another user of the machine does not come into the folder.
  expect([keys.folder, ...mounted].map((path) => [basename(path), mode(path)])).toEqual([
    ['secrets', '700'],
    ['api-keys', '644'],
    ['prometheus-key', '644'],
  ]);
});

it('keeps what is there, and makes anew what has lost its line', () => {
  makeKeys(folder);
  const keys = keysIn(folder);
  appendFileSync(keys.file, `branch:${'0'.repeat(64)}\n`);
  const before = [keys.file, keys.of('client'), keys.of('prometheus')].map(text);
  expect(makeKeys(folder)).toBe('kept: the key of client\nkept: the key of prometheus\n');
  expect([keys.file, keys.of('client'), keys.of('prometheus')].map(text)).toEqual(before);

  writeFileSync(keys.file, text(keys.file).replace(/^client:.*\n/, ''));
  makeKeys(folder);
  const accepted = ApiKeys.ofFile(keys.file);
  expect(accepted.clientOf(before[1]!)).toBeUndefined();
  expect(accepted.clientOf(text(keys.of('client')))).toBe('client');
  expect(accepted.clientOf(before[2]!)).toBe('prometheus');
  expect(text(keys.file)).toContain('branch:');
});
