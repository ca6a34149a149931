import { expect, test } from 'vitest';
import { splitStatements } from '../../src/clickhouse/sql-statements.ts';

test.each([
  ['', []],
  [' ; ;\n-- only ; this\n/* ; */;', []],
  ['SELECT 1', ['SELECT 1']],
  ['SELECT \';\', `a;b`, "c;d"; SELECT 2;', ['SELECT \';\', `a;b`, "c;d"', 'SELECT 2']],
  ["SELECT 'it''s; \\'; x'; SELECT 2", ["SELECT 'it''s; \\'; x'", 'SELECT 2']],
  ["-- it's\nSELECT 1 -- one; still\n; SELECT /* ';' */ 2", ["-- it's\nSELECT 1 -- one; still", "SELECT /* ';' */ 2"]],
  ['SELECT 5 - 3 / 2;', ['SELECT 5 - 3 / 2']],
])('%j', (script, statements) => {
  expect(splitStatements(script)).toEqual(statements);
});
