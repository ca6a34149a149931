import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { folderCycles, importViolations, packageRooms } from './house.ts';
import { repositoryFiles } from './source-file.ts';

const files = repositoryFiles().filter((file) => file.path.endsWith('.ts'));

test('no import crosses a wall of the house', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(files.flatMap(importViolations)).toEqual([]);
});

test('the top folders of src have no cycles', () => {
  expect(folderCycles(files)).toEqual([]);
});

test('every dependency has a room', () => {
  const all = { ...packageJson.dependencies, ...packageJson.optionalDependencies };
  expect(Object.keys(packageRooms).sort()).toEqual(Object.keys(all).sort());
});

test.each([
  ['an adapter from the core', 'src/runtime/a.ts', "import { a } from '../log/embedded/embedded-log.ts';"],
  ['an adapter from its port', 'src/log/a.ts', "import { a } from './embedded/embedded-log.ts';"],
  ['an adapter from the other', 'src/log/simulated/a.ts', "export { a } from '../embedded/embedded-log.ts';"],
  ['the storage from the simulated log', 'src/log/simulated/a.ts', "import '../../storage/table.ts';"],
  ['the DSL from the runtime', 'src/runtime/a.ts', "import { a } from '../streams/builder.ts';"],
  ['the DSL from the runtime, over lines', 'src/runtime/a.ts', "import {\n  a,\n  b,\n} from '../streams/builder.ts';"],
  ['ClickHouse from the runtime', 'src/runtime/sink/a.ts', "await import('../../clickhouse/store.ts');"],
  ['values where only types may be', 'src/serde/a.ts', "import { a } from '../log/record.ts';"],
  ['the public index from the core', 'src/state/a.ts', "import { a } from '../index.ts';"],
  ['the app from anywhere', 'src/clickhouse/a.ts', "import type { A } from '../app/node.ts';"],
  ['anything from the ground', 'src/errors.ts', "import type { A } from './clock.ts';"],
  ['a package outside its room', 'src/runtime/a.ts', "import { open } from 'lmdb';"],
  ['a deep import of a package', 'src/serde/a.ts', "import { z } from 'zod/v4';"],
  ['a package nobody knows', 'src/app/a.ts', "import a from 'left-pad';"],
  ['the engine from a topology', 'topologies/a/rules.ts', "import type { A } from '../../src/log/log.ts';"],
  ['another topology', 'topologies/a/rules.ts', "import { b } from '../b/rules.ts';"],
  ['Node from a topology', 'topologies/a/rules.ts', "import { readFileSync } from 'node:fs';"],
  ['the repository from an example', 'examples/1-a/topology.ts', "import { a } from '../../src/index.ts';"],
  ['what an example may not need', 'examples/1-a/topology.test.ts', "import { expect } from 'vitest';"],
  ['a folder without a room', 'src/helpers/a.ts', ''],
])('refuses %s', (_name, path, text) => {
  expect(importViolations({ path, text })).toHaveLength(1);
});

test.each([
  ['types where types may be', 'src/serde/a.ts', "import type { A } from '../log/record.ts';"],
  ['a package in its room', 'src/storage/deep/a.ts', "import { open } from 'lmdb';"],
  ['an import in a comment', 'src/errors.ts', "// import { a } from './clock.ts';"],
  ['the index from a topology', 'topologies/a/rules.ts', "import { a } from 'headrace';\nimport './events.ts';"],
  [
    'what a user has in an example',
    'examples/1-a/b.test.ts',
    "import { a } from 'headrace/testing';\nimport './rules.js';",
  ],
  ['everything from the app', 'src/app/cli/a.ts', "import { a } from '../../log/embedded/embedded-log.ts';"],
])('allows %s', (_name, path, text) => {
  expect(importViolations({ path, text })).toEqual([]);
});

test('a cycle is told with its folders', () => {
  const cycle = [
    { path: 'src/a/x.ts', text: "import type { B } from '../b/x.ts';" },
    { path: 'src/b/x.ts', text: "import { c } from '../c/x.ts';" },
    { path: 'src/c/x.ts', text: "export { a } from '../a/x.ts';" },
  ];
  expect(folderCycles(cycle)).toEqual(['a -> b -> c -> a']);
  expect(folderCycles(cycle.slice(0, 2))).toEqual([]);
});
