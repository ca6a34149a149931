import { expect, test } from 'vitest';
import {
  lengthViolations,
  linesMax,
  longFileExceptions,
  machineViolations,
  mirrorViolations,
  unmirroredTests,
} from './files.ts';
import { repositoryFiles } from './source-file.ts';

const files = repositoryFiles();
const paths = files.map((file) => file.path);

test('no file is so long that it must be mixing things', () => {
  expect(files.flatMap(lengthViolations)).toEqual([]);
});

test('each exception names a file that is there and still long', () => {
  const long = files.filter((file) => file.text.split('\n').length > linesMax).map((file) => file.path);
  expect(longFileExceptions.filter((each) => !long.includes(each.path))).toEqual([]);
  expect(unmirroredTests.filter((each) => !paths.includes(each.path))).toEqual([]);
});

test('no file names the machine or the hosts of registries', () => {
  expect(files.flatMap(machineViolations)).toEqual([]);
});

test('the path of each test mirrors its source', () => {
  expect(files.flatMap((file) => mirrorViolations(file, paths))).toEqual([]);
});

test('a file one line too long is seen', () => {
  expect(lengthViolations({ path: 'src/a.ts', text: 'a\n'.repeat(linesMax) })).toEqual([]);
  expect(lengthViolations({ path: 'src/a.ts', text: 'a\n'.repeat(linesMax + 1) })).toHaveLength(1);
});

test.each([
  ['src/a.ts', "const a = '/work/data';"],
  ['README.md', 'cd /root/headrace'],
  ['package-lock.json', '"resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz"'],
  ['.ci/run', 'curl https://repo1.maven.org/maven2'],
  ['docker-compose.yml', 'http://deb.debian.org/debian'],
])('a name of the machine is seen in %s', (path, text) => {
  expect(machineViolations({ path, text })).toHaveLength(1);
});

test('a path that only ends like one of the machine is none', () => {
  expect(machineViolations({ path: 'src/a.ts', text: "'./work/a' and src/root/a" })).toEqual([]);
});

test('a test of nothing is seen', () => {
  const sources = ['src/log/record.ts', 'src/streams/topology/plan.ts', 'topologies/ledger/rules.ts'];
  const check = (path: string) => mirrorViolations({ path, text: '' }, sources);
  expect(check('test/log/record.test.ts')).toEqual([]);
  expect(check('test/streams/topology.test.ts')).toEqual([]);
  expect(check('test/topologies/ledger/rules.test.ts')).toEqual([]);
  expect(check('test/conformance/log/embedded.test.ts')).toEqual([]);
  expect(check('test/log/scratch.test.ts')).toHaveLength(1);
  expect(check('test/record.test.ts')).toHaveLength(1);
});
