import { expect, test } from 'vitest';
import { codeText } from './code-text.ts';

test.each([
  ['a line comment', 'a(); // new Date()', 'a();'],
  ['a block comment', '/* x */ a();', 'a();'],
  ['a string', "a('new Date()');", "a(' ');"],
  ['a string with an escaped quote', "a('it\\'s // no comment'); b();", "a(' '); b();"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is source code.
  ['a template, whose holes are code', 'a(`x // ${b({ c: `y` })} z`); d();', 'a(` ${b({ c: ` ` })} `); d();'],
  ['a regular expression with a quote', "a(/['/]/); b('x');", "a( ); b(' ');"],
  ['a division', "a / b; c('x'); d / e;", "a / b; c(' '); d / e;"],
])('%s', (_name, source, expected) => {
  const text = codeText(source, 'code');
  expect(text).toHaveLength(source.length);
  expect(text.replace(/ +/g, ' ').trim()).toBe(expected);
});

test('strings stay where they are wanted, and lines always', () => {
  const source = "import 'x'; // 'y'\n/* a\nb */ import 'z';\n";
  const text = codeText(source, 'codeAndStrings');
  expect(text.split('\n').map((line) => line.trim())).toEqual(["import 'x';", '', "import 'z';", '']);
});
