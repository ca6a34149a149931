import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCodeDifferences, unionCodes } from './error-codes.ts';
import { root } from './source-file.ts';

test('docs/ERRORS.md tells of every code, and of no other', () => {
  const source = readFileSync(join(root, 'src/errors.ts'), 'utf8');
  expect(unionCodes(source).length).toBeGreaterThan(30);
  expect(errorCodeDifferences(source, readFileSync(join(root, 'docs/ERRORS.md'), 'utf8'))).toEqual([]);
});

test('a code that is missing, unknown, doubled or without words is seen', () => {
  const source = "export type ErrorCode =\n  // Log\n  | 'A_B'\n  | 'C_D';\n";
  const row = (code: string, action = 'Act') => `| \`${code}\` | Meaning | ${action} | no |\n`;
  expect(errorCodeDifferences(source, row('A_B') + row('C_D'))).toEqual([]);
  expect(errorCodeDifferences(source, row('A_B'))).toEqual(['C_D is not in docs/ERRORS.md']);
  expect(errorCodeDifferences(source, row('A_B') + row('C_D') + row('E_F'))).toEqual(['E_F is not in src/errors.ts']);
  expect(errorCodeDifferences(source, row('A_B') + row('A_B') + row('C_D'))).toEqual(['A_B is listed twice']);
  expect(errorCodeDifferences(source, row('A_B') + row('C_D', ''))).toHaveLength(1);
});
