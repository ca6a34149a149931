import { expect, test } from 'vitest';
import { bareErrorViolations, clockExceptions, clockViolations, leftoverViolations } from './core.ts';
import { repositoryFiles } from './source-file.ts';

const files = repositoryFiles();

test('the core has no clock and no randomness of its own', () => {
  expect(files.flatMap(clockViolations)).toEqual([]);
});

test('every error has a code', () => {
  expect(files.flatMap(bareErrorViolations)).toEqual([]);
});

test('nothing is left for later in the text', () => {
  expect(files.flatMap(leftoverViolations)).toEqual([]);
});

test('each exception names a file that is there', () => {
  const paths = files.map((file) => file.path);
  expect(clockExceptions.filter((each) => !paths.includes(each.path))).toEqual([]);
});

test.each([
  'const a = Date.now();',
  'const a = Date.now;',
  'const a = new Date();',
  'const a = new Date;',
  'const a = Date();',
  'const a = Math.random();',
  'const a = performance.now();',
  'const a = crypto.randomUUID();',
  'const a = randomBytes(4);',
  'const a = process.hrtime.bigint();',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is source code.
  'const a = `at ${Date.now()}`;',
])('refuses in the core: %s', (text) => {
  expect(clockViolations({ path: 'src/runtime/a.ts', text })).toHaveLength(1);
  expect(clockViolations({ path: 'src/app/a.ts', text })).toEqual([]);
});

test.each(['const a = new Date(value);', '// Date.now() is not used', "const a = 'Date.now()';"])(
  'allows: %s',
  (text) => {
    expect(clockViolations({ path: 'src/runtime/a.ts', text })).toEqual([]);
  },
);

test.each([
  "throw new Error('x');",
  "throw new TypeError('x');",
  "throw Error('x');",
  "const a = new globalThis.RangeError('x');",
])('refuses: %s', (text) => {
  expect(bareErrorViolations({ path: 'src/app/a.ts', text })).toHaveLength(1);
  expect(bareErrorViolations({ path: 'topologies/a/a.ts', text })).toHaveLength(1);
});

test.each(["throw new HeadraceError('USAGE', 'x');", 'throw asStorageError(cause);', '// new Error("x")'])(
  'allows: %s',
  (text) => {
    expect(bareErrorViolations({ path: 'src/app/a.ts', text })).toEqual([]);
  },
);

test('the currency code XXX is no note', () => {
  expect(leftoverViolations({ path: 'src/a.ts', text: "const none = 'XXX'; // codes such as XTS, XXX" })).toEqual([]);
});

test.each(['TODO', 'FIXME', 'XXX'])('refuses %s', (word) => {
  expect(leftoverViolations({ path: 'src/a.ts', text: `// ${word}: later` })).toHaveLength(1);
  expect(leftoverViolations({ path: 'src/a.ts', text: `const a = '${word}S';` })).toEqual([]);
});
